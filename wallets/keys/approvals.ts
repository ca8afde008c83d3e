import { verify } from 'node:crypto';
import { join } from 'node:path';
import { approval } from '../../domain/contract/api/approvals';
import type { Approval } from '../../domain/contract/api/approvals';
import type { Judgement, Payment } from '../../domain/contract/ports';
import { approvalText } from '../../domain/lifecycle/approval';
import type { ApprovedPayment } from '../../domain/lifecycle/approval';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import { originalOf, readPayoutId } from '../../domain/references';
import { readAdmins } from './admins';
import type { Approver } from './admins';
import { openLog } from './append-log';
import { entryOf, ofPayout, refuse } from './policy';
import type { ApprovalLimits, ApprovalRules } from './policy';
import type { UserKeyRegister } from './user-keys';

/** What was let through: written down before anything is signed for it, once for a payout and all its replacements. */
interface Admitted extends Payment {
  readonly at: number;
  /** Empty: nobody had to. */
  readonly approvedBy: readonly string[];
  /** The least that an approver allowed the network to take; null where nobody had to. */
  readonly feeCap: string | null;
  readonly approvals: readonly Approval[];
}

/**
 * A payout that is to be let through. `cost`: the most that its transaction, or its part of one, takes for the
 * network, in its own coin.
 */
export interface Asked {
  readonly payment: Payment;
  readonly approvals: readonly Approval[];
  readonly cost: Units;
}

/** What every kind of network asks before it signs a payout to somebody outside. */
export interface Gate {
  judge(payment: Payment, approvals: readonly Approval[]): Judgement;
  /**
   * Refuses, or writes the payout down as let through. The same payout again is let through as before, also when its
   * approvals have become old.
   */
  admit(payment: Payment, approvals: readonly Approval[], cost: Units): void;
  /**
   * Several payouts of one transaction: all of them, or none. Each counts against the limits with those before it. A
   * refusal names the payout.
   */
  admitAll(asked: readonly Asked[]): void;
  approvers(): { name: string; key: string }[];
  close(): void;
}

const STRICT: ApprovalLimits = { auto: '0', autoDaily: '0', fourEyes: '0' };
const DAY_MS = 86_400_000;
/** Clocks of admins' machines may be ahead of ours by this much. */
const AHEAD_MS = 300_000;
/** Nobody needs more; what is checked is bounded. */
const MOST_APPROVALS = 20;

/** Ten of the largest that one admin may approve alone; never less than what needs nobody. */
function fourEyesDailyOf({ autoDaily, fourEyes, fourEyesDaily }: ApprovalLimits): Units {
  if (fourEyesDaily !== undefined) return parseAmount(fourEyesDaily);
  const [nobody, ten] = [parseAmount(autoDaily), 10n * parseAmount(fourEyes)];
  return ten > nobody ? ten : nobody;
}

/** The file in which the signer keeps whom it believes. */
export const adminsFile = (dir: string): string => join(dir, 'admins.jsonl');

/**
 * Opens the log of what was let through, beside the file of admins. `users`: who must have confirmed their own
 * payments.
 */
export function openGate(rules: ApprovalRules, dir: string, users: Pick<UserKeyRegister, 'check' | 'count'>): Gate {
  const log = openLog(join(dir, 'admitted.jsonl'));
  const admitted = new Map<string, Admitted>();
  /** Of the last 24 hours: the sums are asked for with each payout, and the log grows for ever. */
  let recent: Admitted[] = [];
  const remember = (line: Admitted): void => {
    admitted.set(line.intentId, line);
    recent.push(line);
  };
  log.lines.forEach((line) => remember(JSON.parse(line) as Admitted));
  const limitsOf = (asset: string): ApprovalLimits =>
    entryOf(rules.limits, asset) ?? entryOf(rules.limits, '*') ?? STRICT;

  /** What fewer admins than so many let through of an asset within 24 hours. */
  const byFewerThan = (admins: number, asset: string, besides: readonly Admitted[]): Units => {
    recent = recent.filter(({ at }) => at > rules.now() - DAY_MS);
    return [...recent, ...besides]
      .filter((line) => line.asset === asset && line.approvedBy.length < admins)
      .reduce((sum, line) => sum + parseAmount(line.amount), 0n);
  };

  const isAboveDay = (asset: string, units: Units, besides: readonly Admitted[]): boolean =>
    byFewerThan(2, asset, besides) + units > fourEyesDailyOf(limitsOf(asset));

  const wanted = ({ asset, amount }: Payment, besides: readonly Admitted[]): number => {
    const limits = limitsOf(asset);
    const units = parseAmount(amount);
    if (isAboveDay(asset, units, besides)) return 2;
    if (units <= parseAmount(limits.auto) && byFewerThan(1, asset, besides) + units <= parseAmount(limits.autoDaily))
      return 0;
    return units > parseAmount(limits.fourEyes) ? 2 : 1;
  };

  /** One confirmation pays once without a person: a further round of the withdrawal takes an admin. */
  const leastOf = ({ userId }: Payment, { round }: ApprovedPayment): number =>
    round > 0 && userId !== undefined && users.count(userId) > 0 ? 1 : 0;

  const checkOwner = ({ userId, confirmation, ...raw }: Payment): void => {
    const { withdrawalId, network, asset, to, amount } = paymentOf(raw);
    users.check(
      { ...(userId !== undefined && { userId }), withdrawalId, network, asset, to, memo: null, amount },
      confirmation,
    );
  };

  const count = (
    raw: Payment,
    approvals: readonly Approval[],
    besides: readonly Admitted[] = [],
  ): { judgement: Judgement; counted: Approval[] } => {
    const payment = paymentOf(raw);
    const admins = readAdmins(adminsFile(dir));
    const refused: { key: string; why: string }[] = [];
    const counted = new Map<string, Approval>();
    for (const one of approvals.slice(0, MOST_APPROVALS)) {
      const judged = judgeOne(payment, one, admins, rules);
      if ('why' in judged) refused.push(judged);
      else counted.set(judged.name, one);
    }
    const [byAmount, least] = [wanted(raw, besides), leastOf(raw, payment)];
    const needed = (byAmount > least ? byAmount : least) - counted.size;
    return {
      judgement: { needed: needed > 0 ? needed : 0, approvedBy: [...counted.keys()], refused },
      counted: [...counted.values()],
    };
  };

  /** The line to be written down; undefined when it was let through before. */
  const lineOf = ({ payment: raw, approvals, cost }: Asked, besides: readonly Admitted[]): Admitted | undefined => {
    const { network, asset, to, amount, userId, confirmation } = raw;
    const payment = { intentId: originalOf(raw.intentId), network, asset, to, amount };
    const before = admitted.get(payment.intentId);
    if (before) return checkBefore(before, payment, cost);
    checkOwner(raw);
    const owner = { ...(userId !== undefined && { userId }), ...(confirmation && { confirmation }) };
    const { judgement, counted } = count({ ...payment, ...owner }, approvals, besides);
    if (judgement.needed > 0)
      refuse(
        missing(judgement) +
          (isAboveDay(asset, parseAmount(amount), besides)
            ? `; with those of 24 hours it is above fourEyesDaily of ${asset}`
            : ''),
      );
    const caps = counted.map(({ feeCap }) => parseAmount(feeCap)).toSorted((a, b) => (a < b ? -1 : 1));
    const line: Admitted = {
      ...payment,
      ...owner,
      at: rules.now(),
      approvedBy: judgement.approvedBy,
      feeCap: caps[0] === undefined ? null : formatAmount(caps[0]),
      approvals: counted,
    };
    checkCap(line, cost);
    return line;
  };
  const write = (line: Admitted): void => {
    log.append(JSON.stringify(line));
    remember(line);
  };

  return {
    judge: (payment, approvals) => {
      checkOwner(payment);
      return count(payment, approvals).judgement;
    },
    admit: (payment, approvals, cost) =>
      [lineOf({ payment, approvals, cost }, [])].forEach((line) => line && write(line)),
    admitAll: (asked) => {
      const lines: Admitted[] = [];
      for (const one of asked) {
        const line = ofPayout(one.payment.intentId, () => lineOf(one, lines));
        if (line) lines.push(line);
      }
      lines.forEach(write);
    },
    approvers: () => readAdmins(adminsFile(dir)).map(({ name, key }) => ({ name, key })),
    close: log.close,
  };
}

const missing = ({ needed, approvedBy, refused }: Judgement): string =>
  `${needed} more approval(s) of admins are needed; approved by ${approvedBy.join(', ') || 'nobody'}${refused.map(({ key, why }) => `; ${key}: ${why}`).join('')}`;

function checkBefore(before: Admitted, payment: Payment, cost: Units): undefined {
  const same = (['network', 'asset', 'to', 'amount'] as const).every((field) => before[field] === payment[field]);
  if (!same) refuse('another payment was let through under this name');
  checkCap(before, cost);
}

function checkCap({ feeCap }: Admitted, cost: Units): void {
  if (feeCap !== null && cost > parseAmount(feeCap)) refuse(`it would cost more than the ${feeCap} that was approved`);
}

/** The payment as admins sign it. Refuses a name that is no withdrawal's. */
function paymentOf({ intentId, network, asset, to, amount }: Payment): ApprovedPayment {
  const payout = readPayoutId(originalOf(intentId)) ?? refuse('this is no withdrawal');
  return { ...payout, network, asset, to, amount };
}

function judgeOne(
  payment: ApprovedPayment,
  raw: Approval,
  admins: readonly Approver[],
  { now, validMs }: ApprovalRules,
): { name: string } | { key: string; why: string } {
  const read = approval.safeParse(raw);
  if (!read.success) return { key: '?', why: 'this is not an approval' };
  const { key, at, feeCap, signature } = read.data;
  const admin = admins.find((one) => one.key === key);
  if (!admin) return { key, why: 'the signer does not know this key' };
  if (at > now() + AHEAD_MS) return { key, why: 'signed in the future' };
  if (at < now() - validMs) return { key, why: 'signed too long ago' };
  const text = Buffer.from(approvalText(payment, { at, feeCap }));
  const fits = verify(
    'sha256',
    text,
    { key: admin.publicKey, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64'),
  );
  return fits ? { name: admin.name } : { key, why: 'the signature is not of this payment' };
}
