/** The words of each letter, in both languages. `{name}` stands for a fact that is handed along. */
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
    en: {
      subject: 'Your identity could not be confirmed',
      text: 'Log in to read why, and send the application again.',
    },
    fa: { subject: 'هویت شما تأیید نشد', text: 'برای دیدن دلیل و ارسال دوباره، وارد حساب خود شوید.' },
  },
  'withdrawal-approved': {
    en: { subject: 'Your withdrawal was approved', text: 'It will be sent to the address you gave.' },
    fa: { subject: 'برداشت شما تأیید شد', text: 'دارایی به نشانی‌ای که داده‌اید فرستاده می‌شود.' },
  },
  'withdrawal-refused': {
    en: {
      subject: 'Your withdrawal was refused',
      text: 'The amount is available in your account again. Log in to read why.',
    },
    fa: { subject: 'برداشت شما رد شد', text: 'مبلغ دوباره در حساب شما در دسترس است. برای دیدن دلیل وارد شوید.' },
  },
  'withdrawal-sent': {
    en: {
      subject: 'Your withdrawal has arrived',
      text: 'The network has confirmed it. You find the transaction in your history.',
    },
    fa: { subject: 'برداشت شما رسید', text: 'شبکه آن را تأیید کرد. تراکنش را در تاریخچهٔ خود می‌بینید.' },
  },
  'confirm-address': {
    en: {
      subject: 'Confirm your e-mail address',
      text: 'Somebody, surely you, wants an account at Javizen with this address. Follow this link to confirm it; it is good for three days:\n\n{link}\n\nIf it was not you, do nothing.',
    },
    fa: {
      subject: 'نشانی ایمیل خود را تأیید کنید',
      text: 'کسی، به احتمال زیاد خود شما، با این نشانی در جاویزن حساب خواسته است. برای تأیید این پیوند را باز کنید؛ سه روز اعتبار دارد:\n\n{link}\n\nاگر شما نبودید، کاری نکنید.',
    },
  },
  'address-taken': {
    en: {
      subject: 'You have an account already',
      text: 'Somebody, perhaps you, wanted to open an account with this address, which has one. Log in with your password.',
    },
    fa: {
      subject: 'شما از پیش حساب دارید',
      text: 'کسی، شاید خود شما، خواست با این نشانی حساب باز کند، اما این نشانی از پیش حساب دارد. با رمز خود وارد شوید.',
    },
  },
  'new-device': {
    en: {
      subject: 'A log-in from a new device',
      text: 'Somebody has logged in to your account from a device that we had not seen before.\n\nNetwork: {address}\nBrowser: {agent}',
    },
    fa: {
      subject: 'ورود از دستگاهی تازه',
      text: 'کسی از دستگاهی که پیش‌تر ندیده بودیم وارد حساب شما شد.\n\nشبکه: {address}\nمرورگر: {agent}',
    },
  },
  'second-factor-on': {
    en: {
      subject: 'Your second factor is on',
      text: 'From now on your account asks for a code. All other log-ins have ended.',
    },
    fa: {
      subject: 'عامل دوم شما روشن شد',
      text: 'از این پس حساب شما رمز یک‌بارمصرف می‌خواهد. همهٔ ورودهای دیگر پایان یافت.',
    },
  },
  'second-factor-off': {
    en: {
      subject: 'Your second factor was removed',
      text: 'Your account asks for no code any more. Nothing is withdrawn for 24 hours.',
    },
    fa: {
      subject: 'عامل دوم شما برداشته شد',
      text: 'حساب شما دیگر رمز یک‌بارمصرف نمی‌خواهد. تا ۲۴ ساعت برداشتی انجام نمی‌شود.',
    },
  },
  'passkey-added': {
    en: {
      subject: 'A passkey was added',
      text: 'Somebody, surely you, has added a passkey to your account: {label}. All other log-ins have ended, and each withdrawal is confirmed with a passkey from now on.',
    },
    fa: {
      subject: 'کلید عبوری افزوده شد',
      text: 'کسی، به احتمال زیاد خود شما، به حساب شما کلید عبور افزود: {label}. همهٔ ورودهای دیگر پایان یافت و از این پس هر برداشت با کلید عبور تأیید می‌شود.',
    },
  },
  'passkey-removed': {
    en: {
      subject: 'A passkey was removed',
      text: 'A passkey of your account was removed. All other log-ins have ended. Nothing is withdrawn for 24 hours.',
    },
    fa: {
      subject: 'کلید عبوری برداشته شد',
      text: 'یکی از کلیدهای عبور حساب شما برداشته شد. همهٔ ورودهای دیگر پایان یافت. تا ۲۴ ساعت برداشتی انجام نمی‌شود.',
    },
  },
  'password-changed': {
    en: {
      subject: 'Your password was changed',
      text: 'All other log-ins have ended. Nothing is withdrawn for 24 hours.',
    },
    fa: { subject: 'رمز شما عوض شد', text: 'همهٔ ورودهای دیگر پایان یافت. تا ۲۴ ساعت برداشتی انجام نمی‌شود.' },
  },
  'new-address': {
    en: {
      subject: 'A new withdrawal address',
      text: 'An address was written into your address book. It is trusted after a day.\n\n{network}: {address}',
    },
    fa: {
      subject: 'نشانی برداشت تازه',
      text: 'نشانی‌ای در دفتر نشانی‌های شما نوشته شد و پس از یک روز معتبر است.\n\n{network}: {address}',
    },
  },
  'withdrawal-requested': {
    en: {
      subject: 'A withdrawal was requested',
      text: 'Somebody, surely you, has asked for a withdrawal from your account.\n\n{amount} {asset} on {network} to {address}',
    },
    fa: {
      subject: 'برداشتی درخواست شد',
      text: 'کسی، به احتمال زیاد خود شما، از حساب شما برداشتی خواسته است.\n\n{amount} {asset} روی {network} به {address}',
    },
  },
  'account-frozen': {
    en: {
      subject: 'Your account is frozen',
      text: 'Nothing leaves it and no order is taken. Deposits are credited and orders can be cancelled. Write to us to have it opened again.',
    },
    fa: {
      subject: 'حساب شما مسدود شد',
      text: 'چیزی از آن خارج نمی‌شود و سفارشی پذیرفته نمی‌شود. واریزها ثبت می‌شوند و سفارش‌ها را می‌توان لغو کرد. برای بازگشایی به ما بنویسید.',
    },
  },
  'account-opened': {
    en: { subject: 'Your account is open again', text: 'Somebody of the exchange has opened it again.' },
    fa: { subject: 'حساب شما دوباره باز شد', text: 'کسی از صرافی آن را دوباره باز کرد.' },
  },
} as const;

export type LetterKind = keyof typeof LETTERS;

/** What stands at the end of each letter to who has an account. */
export const FREEZE_WORDS = {
  en: 'If it was not you, freeze your account here; nothing leaves it then:\n{freeze}',
  fa: 'اگر شما نبودید، حساب خود را اینجا مسدود کنید تا چیزی از آن خارج نشود:\n{freeze}',
} as const;

/** Goes to an address that may be a stranger's: its reader has no account to freeze yet. */
const WITHOUT_FREEZE: readonly LetterKind[] = ['confirm-address', 'account-frozen'];

/** The letter with its facts. One that is not there stays as it stands. */
export function words(
  kind: LetterKind,
  locale: 'en' | 'fa',
  facts: Readonly<Record<string, string>>,
): { subject: string; text: string } {
  const { subject, text } = LETTERS[kind][locale];
  const whole = WITHOUT_FREEZE.includes(kind) ? text : `${text}\n\n${FREEZE_WORDS[locale]}`;
  return { subject, text: `${whole.replaceAll(/\{([a-z]+)\}/g, (found, name: string) => facts[name] ?? found)}\n` };
}
