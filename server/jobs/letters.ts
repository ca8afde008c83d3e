/** The words of each letter, in both languages. */
export const LETTERS = {
  welcome: {
    en: { subject: 'Welcome to Javizen', text: 'Your account is open. Log in and confirm your identity to begin.' },
    fa: { subject: 'به جاویزن خوش آمدید', text: 'حساب شما باز شد. وارد شوید و برای شروع، هویت خود را تأیید کنید.' },
  },
  'kyc-approved': {
    en: { subject: 'Your identity is confirmed', text: 'All services are open to you now.' },
    fa: { subject: 'هویت شما تأیید شد', text: 'اکنون همهٔ خدمات برای شما باز است.' },
  },
  'kyc-refused': {
    en: { subject: 'Your identity could not be confirmed', text: 'Log in to read why, and send the application again.' },
    fa: { subject: 'هویت شما تأیید نشد', text: 'برای دیدن دلیل و ارسال دوباره، وارد حساب خود شوید.' },
  },
  'withdrawal-approved': {
    en: { subject: 'Your withdrawal was approved', text: 'It will be sent to the address you gave.' },
    fa: { subject: 'برداشت شما تأیید شد', text: 'دارایی به نشانی‌ای که داده‌اید فرستاده می‌شود.' },
  },
  'withdrawal-refused': {
    en: { subject: 'Your withdrawal was refused', text: 'The amount is available in your account again. Log in to read why.' },
    fa: { subject: 'برداشت شما رد شد', text: 'مبلغ دوباره در حساب شما در دسترس است. برای دیدن دلیل وارد شوید.' },
  },
  'withdrawal-sent': {
    en: { subject: 'Your withdrawal has arrived', text: 'The network has confirmed it. You find the transaction in your history.' },
    fa: { subject: 'برداشت شما رسید', text: 'شبکه آن را تأیید کرد. تراکنش را در تاریخچهٔ خود می‌بینید.' },
  },
} as const;

export type LetterKind = keyof typeof LETTERS;
