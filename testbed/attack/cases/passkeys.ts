/** Passkeys and what they confirm: registered without their owner, answered again, answered by somebody else, put into the table. */
import { randomBytes } from 'node:crypto';
import type { ConfirmationWanted, PasskeyOffer, PasskeyOptions } from '../../../domain/contract/api/passkeys';
import type { ConfirmedPayment } from '../../../domain/lifecycle/confirmation';
import { TestPasskey } from '../../../domain/lifecycle/testing';
import { signApproval } from '../../../wallets/keys';
import { demoAdminKey } from '../../world/demo-admin';
import { sleep } from '../../services/process';
import { held } from '../attack';
import type { Attack } from '../attack';
import { PASSWORD, fund } from '../stage';
import type { Answer, Browser, Stage } from '../stage';

const THIEF = '0x8ba1f109551bd432803012645ac136ddd64dba72';
const MINE = '0x52908400098527886E0F7030069857D2E4169EE7';

interface Owner {
  readonly email: string;
  readonly userId: string;
  readonly browser: Browser;
  readonly passkey: TestPasskey;
}

async function withPasskey(stage: Stage): Promise<Owner> {
  const { email, userId } = await stage.account({ kycState: 'APPROVED' });
  const browser = await stage.logged(email);
  const { origin } = (await browser.ask('GET', '/api/passkeys')).json<{ origin: string }>();
  const passkey = new TestPasskey(origin);
  const added = await add(browser, passkey, { password: PASSWORD });
  if (added.status !== 201) throw new Error(`no passkey: ${added.status} ${added.code}`);
  return { email, userId, browser, passkey };
}

async function add(browser: Browser, passkey: TestPasskey, proof: object): Promise<Answer> {
  const options = await browser.ask('POST', '/api/passkeys/options', { body: proof });
  if (options.status !== 200) return options;
  const { challenge } = options.json<PasskeyOptions>();
  return browser.ask('POST', '/api/passkeys', { body: { label: 'x', ...passkey.register(challenge) } });
}

const ask = (browser: Browser, more: object, key = randomBytes(12).toString('hex')): Promise<Answer> =>
  browser.ask('POST', '/api/withdrawals', {
    body: { asset: 'ETH', network: 'ethereum', address: MINE, amount: '0.5', ...more },
    headers: { 'idempotency-key': key },
  });
const detailsOf = <T>(answer: Answer): T => answer.json<{ error: { details: T } }>().error.details;

/** A payment that is to be confirmed, and the key under which it was asked for. */
async function wanted(browser: Browser, more: object = {}): Promise<{ payment: ConfirmedPayment; key: string }> {
  const key = randomBytes(12).toString('hex');
  const { payment } = detailsOf<ConfirmationWanted>(await ask(browser, more, key));
  if (!payment) throw new Error('nothing was to be confirmed');
  return { payment, key };
}

const approve = (stage: Stage, { withdrawalId, network, asset, to, amount }: ConfirmedPayment): Promise<Answer> => {
  const payment = { withdrawalId, round: 0, network, asset, to, amount };
  const body = signApproval(demoAdminKey(stage.address.dir), payment, '0.04', Date.now());
  return stage.admin.ask('POST', `/api/admin/withdrawals/${withdrawalId}/approve`, { body });
};

async function mustGoOut(stage: Stage, { browser, passkey }: Owner): Promise<void> {
  const { payment, key } = await wanted(browser, { amount: '0.3' });
  await ask(browser, { amount: '0.3', confirmation: passkey.confirm(payment) }, key);
  const approved = await approve(stage, payment);
  for (let turn = 0; turn < 60; turn++) {
    const { state } = (await browser.ask('GET', `/api/withdrawals/${payment.withdrawalId}`)).json<{ state: string }>();
    if (state === 'BROADCAST' || state === 'CONFIRMED') return;
    await sleep(500);
  }
  throw new Error(`what its owner confirmed was not paid: ${approved.status} ${approved.code}`);
}

const registering: Attack[] = [
  {
    id: 'PASSKEY 1',
    what: 'a stolen session adds a passkey without the password',
    quick: true,
    run: async (stage) => {
      const browser = await stage.logged((await stage.account({ kycState: 'APPROVED' })).email);
      const passkey = new TestPasskey(stage.address.url);
      const answers = [
        await add(browser, passkey, {}),
        await add(browser, passkey, { password: 'a guess of the thief' }),
      ];
      const made = await browser.ask('POST', '/api/passkeys', {
        body: { label: 'x', ...passkey.register(randomBytes(32).toString('base64url')) },
      });
      held(
        answers.every(({ code }) => code === 'BAD_CREDENTIALS') && made.code === 'PASSKEY_STATE',
        `${answers.map(({ code }) => code).join()} ${made.code}`,
      );
      return `${answers[0]?.code}, ${made.code}`;
    },
  },
  {
    id: 'PASSKEY 2',
    what: 'a stolen session of somebody who has a passkey adds another one, confirmed by itself or by nobody',
    run: async (stage) => {
      const { browser, passkey } = await withPasskey(stage);
      const mine = new TestPasskey(passkey.origin);
      const { challenge } = (
        await browser.ask('POST', '/api/passkeys/options', { body: { password: PASSWORD } })
      ).json<PasskeyOptions>();
      const body = { label: 'x', ...mine.register(challenge) };
      const refused = await browser.ask('POST', '/api/passkeys', { body });
      const { change } = detailsOf<ConfirmationWanted>(refused);
      const again =
        change &&
        (await browser.ask('POST', '/api/passkeys', { body: { ...body, confirmation: mine.confirmChange(change) } }));
      held(
        refused.code === 'CONFIRMATION_REQUIRED' && again?.code === 'CONFIRMATION_REFUSED',
        `${refused.code} ${again?.code}`,
      );
      return `${refused.code}, ${again?.code}`;
    },
  },
  {
    id: 'PASSKEY 3',
    what: 'the answer of a log-in is shown again, and to another account',
    run: async (stage) => {
      const [{ email, passkey }, other] = [await withPasskey(stage), await withPasskey(stage)];
      const logIn = (whose: string, more: object): Promise<Answer> =>
        stage.stranger().ask('POST', '/api/session', { body: { email: whose, password: PASSWORD, ...more } });
      const { passkey: offer } = detailsOf<{ passkey: PasskeyOffer }>(await logIn(email, {}));
      const answer = passkey.assert(offer.challenge);
      const elsewhere = await logIn(other.email, { passkey: answer });
      const first = await logIn(email, { passkey: answer });
      if (first.status !== 200) throw new Error(`${first.status} ${first.code}`);
      const again = await logIn(email, { passkey: answer });
      held(
        elsewhere.code === 'SECOND_FACTOR_WRONG' && again.code === 'SECOND_FACTOR_WRONG',
        `${elsewhere.code} ${again.code}`,
      );
      return again.code;
    },
  },
];

const confirming: Attack[] = [
  {
    id: 'CONFIRM 1',
    what: 'the confirmation of one withdrawal is shown for a second, and with another amount and receiver',
    quick: true,
    run: async (stage) => {
      const { browser, passkey } = await withPasskey(stage);
      const { payment, key } = await wanted(browser);
      const confirmation = passkey.confirm(payment);
      const answers = [
        await ask(browser, { confirmation }),
        await ask(browser, { confirmation, amount: '5' }, key),
        await ask(browser, { confirmation, address: THIEF }, key),
      ];
      held(
        answers.every(({ code }) => code === 'CONFIRMATION_REFUSED'),
        answers.map(({ code }) => code).join(),
      );
      return answers[0]?.code ?? '';
    },
  },
  {
    id: 'CONFIRM 2',
    what: "another user's passkey confirms it, under its own name and under that of the owner's",
    run: async (stage) => {
      const [{ browser, passkey }, other] = [await withPasskey(stage), await withPasskey(stage)];
      const { payment, key } = await wanted(browser);
      const theirs = other.passkey.confirm(payment);
      const answers = [
        await ask(browser, { confirmation: theirs }, key),
        await ask(browser, { confirmation: { ...theirs, credentialId: passkey.credentialId } }, key),
      ];
      held(
        answers.every(({ code }) => code === 'CONFIRMATION_REFUSED'),
        answers.map(({ code }) => code).join(),
      );
      return answers[0]?.code ?? '';
    },
  },
  {
    id: 'CONFIRM 3',
    what: "a thief's passkey is written into the table, confirms a withdrawal, and an admin approves it",
    run: async (stage) => {
      const owner = await withPasskey(stage);
      await fund(stage.world, stage.address, owner.email, '1');
      const mine = new TestPasskey(owner.passkey.origin);
      const spare = await stage.logged((await stage.account({ kycState: 'APPROVED' })).email);
      await add(spare, mine, { password: PASSWORD });
      const [row] = await stage.query<{ id: string }>('SELECT id FROM passkeys WHERE credential_id = ?', [
        mine.credentialId,
      ]);
      await stage.query('UPDATE passkeys SET user_id = ? WHERE id = ?', [owner.userId, row?.id]);
      const { payment, key } = await wanted(owner.browser, { address: THIEF });
      const asked = await ask(owner.browser, { address: THIEF, confirmation: mine.confirm(payment) }, key);
      if (asked.status !== 201) throw new Error(`${asked.status} ${asked.code}`);
      const id = payment.withdrawalId;
      const approved = await approve(stage, payment);
      const left = await stage.query<{ n: string }>('SELECT COUNT(*) AS n FROM chain_transactions WHERE subject = ?', [
        id,
      ]);
      held(
        approved.code === 'CONFIRMATION_REFUSED' && Number(left[0]?.n) === 0,
        `${approved.status} ${approved.code} ${approved.text}`,
      );
      // The same by the owner's own passkey goes out: it is not that nothing does.
      await mustGoOut(stage, owner);
      return `the signer: ${approved.status} ${approved.code}`;
    },
  },
];

export const passkeys: readonly Attack[] = [...registering, ...confirming];
