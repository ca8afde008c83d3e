/** The words of each letter, in both languages. `{name}` stands for a fact that is handed along. */
export const LETTERS = {
  welcome: {
    en: { subject: 'Welcome to Javizen', text: 'Your account is ready. Log in and verify your identity to begin.' },
    fa: { subject: 'به جاویزن خوش آمدید', text: 'حساب شما ایجاد شد. وارد شوید و برای شروع احراز هویت کنید.' },
  },
  'kyc-approved': {
    en: { subject: 'Your identity is verified', text: 'All services are available to you now.' },
    fa: { subject: 'احراز هویت شما تأیید شد', text: 'اکنون همهٔ خدمات برای شما فعال است.' },
  },
  'kyc-refused': {
    en: {
      subject: 'Your identity verification was rejected',
      text: 'Log in to see the reason and to apply again.',
    },
    fa: { subject: 'احراز هویت شما رد شد', text: 'برای دیدن دلیل و ارسال دوباره، وارد حساب خود شوید.' },
  },
  'withdrawal-approved': {
    en: { subject: 'Your withdrawal was approved', text: 'It will be sent to the withdrawal address.' },
    fa: { subject: 'برداشت شما تأیید شد', text: 'دارایی به آدرس برداشت ارسال می‌شود.' },
  },
  'withdrawal-refused': {
    en: {
      subject: 'Your withdrawal was rejected',
      text: 'The amount is back in your available balance. Log in to see the reason.',
    },
    fa: { subject: 'برداشت شما رد شد', text: 'مبلغ به موجودی در دسترس شما برگشت. برای دیدن دلیل وارد شوید.' },
  },
  'withdrawal-sent': {
    en: {
      subject: 'Your withdrawal is completed',
      text: 'The network has confirmed it. The transaction (TxID) is in your history.',
    },
    fa: { subject: 'برداشت شما تکمیل شد', text: 'شبکه آن را تأیید کرد. شناسهٔ تراکنش (TxID) در تاریخچهٔ شماست.' },
  },
  'confirm-address': {
    en: {
      subject: 'Confirm your e-mail address',
      text: 'Somebody, presumably you, signed up at Javizen with this e-mail address. Follow this link to confirm it; it is valid for three days:\n\n{link}\n\nIf it was not you, do nothing.',
    },
    fa: {
      subject: 'ایمیل خود را تأیید کنید',
      text: 'کسی، به احتمال زیاد خود شما، با این ایمیل در جاویزن ثبت‌نام کرده است. برای تأیید این لینک را باز کنید؛ سه روز اعتبار دارد:\n\n{link}\n\nاگر شما نبودید، کاری نکنید.',
    },
  },
  'address-taken': {
    en: {
      subject: 'You already have an account',
      text: 'Somebody, perhaps you, tried to sign up with this e-mail address, which already has an account. Log in with your password.',
    },
    fa: {
      subject: 'شما از پیش حساب دارید',
      text: 'کسی، شاید خود شما، خواست با این ایمیل ثبت‌نام کند، اما این ایمیل از پیش حساب دارد. با رمز عبور خود وارد شوید.',
    },
  },
  'new-device': {
    en: {
      subject: 'Log-in from a new device',
      text: 'Somebody logged in to your account from a device that was not used before.\n\nIP address: {address}\nBrowser: {agent}',
    },
    fa: {
      subject: 'ورود از دستگاه جدید',
      text: 'کسی از دستگاهی که پیش‌تر استفاده نشده بود وارد حساب شما شد.\n\nآدرس IP: {address}\nمرورگر: {agent}',
    },
  },
  'second-factor-on': {
    en: {
      subject: 'Two-factor authentication is on',
      text: 'From now on your account asks for a code. All other sessions were logged out.',
    },
    fa: {
      subject: 'شناسایی دو عاملی فعال شد',
      text: 'از این پس حساب شما رمز یک‌بارمصرف می‌خواهد. همهٔ نشست‌های دیگر بسته شد.',
    },
  },
  'second-factor-off': {
    en: {
      subject: 'Two-factor authentication was turned off',
      text: 'Your account no longer asks for a code. Withdrawals are locked for 24 hours.',
    },
    fa: {
      subject: 'شناسایی دو عاملی غیرفعال شد',
      text: 'حساب شما دیگر رمز یک‌بارمصرف نمی‌خواهد. برداشت تا ۲۴ ساعت قفل است.',
    },
  },
  'passkey-added': {
    en: {
      subject: 'A passkey was added',
      text: 'Somebody, presumably you, added a passkey to your account: {label}. All other sessions were logged out, and each withdrawal is confirmed with a passkey from now on.',
    },
    fa: {
      subject: 'کلید عبوری افزوده شد',
      text: 'کسی، به احتمال زیاد خود شما، به حساب شما کلید عبور افزود: {label}. همهٔ نشست‌های دیگر بسته شد و از این پس هر برداشت با کلید عبور تأیید می‌شود.',
    },
  },
  'passkey-removed': {
    en: {
      subject: 'A passkey was removed',
      text: 'A passkey of your account was removed. All other sessions were logged out. Withdrawals are locked for 24 hours.',
    },
    fa: {
      subject: 'کلید عبوری حذف شد',
      text: 'یکی از کلیدهای عبور حساب شما حذف شد. همهٔ نشست‌های دیگر بسته شد. برداشت تا ۲۴ ساعت قفل است.',
    },
  },
  'password-changed': {
    en: {
      subject: 'Your password was changed',
      text: 'All other sessions were logged out. Withdrawals are locked for 24 hours.',
    },
    fa: { subject: 'رمز عبور شما تغییر کرد', text: 'همهٔ نشست‌های دیگر بسته شد. برداشت تا ۲۴ ساعت قفل است.' },
  },
  'new-address': {
    en: {
      subject: 'New withdrawal address',
      text: 'An address was added to your address book. It is trusted after 24 hours.\n\n{network}: {address}',
    },
    fa: {
      subject: 'آدرس برداشت جدید',
      text: 'آدرسی به دفترچهٔ آدرس شما افزوده شد و پس از ۲۴ ساعت مورد اعتماد است.\n\n{network}: {address}',
    },
  },
  'withdrawal-requested': {
    en: {
      subject: 'A withdrawal was requested',
      text: 'Somebody, presumably you, requested a withdrawal from your account.\n\n{amount} {asset} on {network} to {address}',
    },
    fa: {
      subject: 'برداشتی درخواست شد',
      text: 'کسی، به احتمال زیاد خود شما، از حساب شما برداشتی خواسته است.\n\n{amount} {asset} روی {network} به {address}',
    },
  },
  'account-frozen': {
    en: {
      subject: 'Your account is frozen',
      text: 'Withdrawals and new orders are disabled. Deposits are credited and orders can be cancelled. Contact support to unfreeze it.',
    },
    fa: {
      subject: 'حساب شما مسدود شد',
      text: 'برداشت و سفارش جدید غیرفعال است. واریزها اعمال می‌شوند و سفارش‌ها را می‌توان لغو کرد. برای رفع مسدودی با پشتیبانی تماس بگیرید.',
    },
  },
  'account-opened': {
    en: { subject: 'Your account is unfrozen', text: 'Our staff has unfrozen it.' },
    fa: { subject: 'رفع مسدودی حساب شما', text: 'کارکنان صرافی حساب شما را دوباره فعال کردند.' },
  },
} as const;

export type LetterKind = keyof typeof LETTERS;

/** What stands at the end of each letter to who has an account. */
export const FREEZE_WORDS = {
  en: 'If it was not you, freeze your account here to stop all withdrawals:\n{freeze}',
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
