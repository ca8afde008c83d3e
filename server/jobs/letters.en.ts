/** The letters in English. `{name}` stands for a fact that is handed along. */
export const letters = {
  welcome: { subject: 'Welcome to Javizen', text: 'Your account is ready. Log in and verify your identity to begin.' },
  'kyc-approved': { subject: 'Your identity is verified', text: 'All services are available to you now.' },
  'kyc-refused': {
    subject: 'Your identity verification was rejected',
    text: 'Log in to see the reason and to apply again.',
  },
  'withdrawal-approved': {
    subject: 'Your withdrawal was approved',
    text: 'It will be sent to the withdrawal address.',
  },
  'withdrawal-refused': {
    subject: 'Your withdrawal was rejected',
    text: 'The amount is back in your available balance. Log in to see the reason.',
  },
  'withdrawal-sent': {
    subject: 'Your withdrawal is completed',
    text: 'The network has confirmed it. The transaction (TxID) is in your history.',
  },
  'confirm-address': {
    subject: 'Confirm your e-mail address',
    text: 'Somebody, presumably you, signed up at Javizen with this e-mail address. Follow this link to confirm it; it is valid for three days:\n\n{link}\n\nIf it was not you, do nothing.',
  },
  'address-taken': {
    subject: 'You already have an account',
    text: 'Somebody, perhaps you, tried to sign up with this e-mail address, which already has an account. Log in with your password.',
  },
  'new-device': {
    subject: 'Log-in from a new device',
    text: 'Somebody logged in to your account from a device that was not used before.\n\nIP address: {address}\nBrowser: {agent}',
  },
  'second-factor-on': {
    subject: 'Two-factor authentication is on',
    text: 'From now on your account asks for a code. All other sessions were logged out.',
  },
  'second-factor-off': {
    subject: 'Two-factor authentication was turned off',
    text: 'Your account no longer asks for a code. Withdrawals are locked for 24 hours.',
  },
  'passkey-added': {
    subject: 'A passkey was added',
    text: 'Somebody, presumably you, added a passkey to your account: {label}. All other sessions were logged out, and each withdrawal is confirmed with a passkey from now on.',
  },
  'passkey-removed': {
    subject: 'A passkey was removed',
    text: 'A passkey of your account was removed. All other sessions were logged out. Withdrawals are locked for 24 hours.',
  },
  'password-changed': {
    subject: 'Your password was changed',
    text: 'All other sessions were logged out. Withdrawals are locked for 24 hours.',
  },
  'new-address': {
    subject: 'New withdrawal address',
    text: 'An address was added to your address book. It is trusted after 24 hours.\n\n{network}: {address}',
  },
  'withdrawal-requested': {
    subject: 'A withdrawal was requested',
    text: 'Somebody, presumably you, requested a withdrawal from your account.\n\n{amount} {asset} on {network} to {address}',
  },
  'account-frozen': {
    subject: 'Your account is frozen',
    text: 'Withdrawals and new orders are disabled. Deposits are credited and orders can be cancelled. Contact support to unfreeze it.',
  },
  'account-opened': { subject: 'Your account is unfrozen', text: 'Our staff has unfrozen it.' },
};

/** The end of each letter to somebody who has an account. */
export const freezeLink: string = 'If it was not you, freeze your account here to stop all withdrawals:\n{freeze}';
