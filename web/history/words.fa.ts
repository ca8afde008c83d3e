import type { words as en } from './words.en';

export const words: typeof en = {
  history: {
    title: 'تاریخچه',
    orders: 'سفارش‌ها',
    trades: 'معامله‌ها',
    orderStates: { open: 'باز', closed: 'بسته‌شده' },
    none: {
      orders: 'سفارشی نیست.',
      trades: 'معامله‌ای نیست.',
      swaps: 'تبدیلی نیست.',
      deposits: 'واریزی نیست.',
      withdrawals: 'برداشتی نیست.',
    },
    deposits: 'واریزها',
    swaps: 'تبدیل‌ها',
    withdrawals: 'برداشت‌ها',
    choose: 'نما',
    details: 'جزئیات',
  },
};
