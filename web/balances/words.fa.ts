import type { words as en } from './words.en';

export const words: typeof en = {
  balances: {
    title: 'موجودی‌ها',
    available: 'در دسترس',
    held: 'بلوکه‌شده',
    heldHint: 'بلوکه‌شده: برای سفارش‌های باز و تبدیل‌ها و برداشت‌های در جریان.',
    none: 'هنوز دارایی ندارید. نخستین واریز خود را انجام دهید.',
    recent: 'در جریان',
    recentNone: 'چیزی در جریان نیست.',
  },
};
