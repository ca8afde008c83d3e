import type { words as en } from './words.en';

export const words: typeof en = {
  lists: {
    unreadable: 'ردیف‌هایی که نمایش داده نشد: {n}. به اپراتور اطلاع داده شده است.',
    loading: 'در حال بارگذاری …',
    failed: 'این فهرست بارگذاری نشد.',
    old: 'این فهرست به‌روز نشد: شاید قدیمی باشد.',
    retry: 'تلاش دوباره',
    more: 'موارد بیشتر',
    csv: 'خروجی CSV',
    filters: 'فیلتر',
    all: 'همه',
    from: 'از',
    to: 'تا',
  },
};
