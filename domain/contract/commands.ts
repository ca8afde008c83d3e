/**
 * Everything the engine can be asked to do, put together from the modules' files in domain/commands: plain JSON,
 * amounts as decimal strings, so that a command can cross a socket. Each carries a reference that is unique for ever;
 * the same reference with the same body has one effect and one answer.
 */
import type { z } from 'zod';
import { MONEY_COMMANDS } from '../commands/money';
import { ORDER_COMMANDS } from '../commands/orders';
import { SWAP_COMMANDS } from '../commands/swaps';
import { VENUE_COMMANDS } from '../commands/venue';
import { WITHDRAWAL_COMMANDS } from '../commands/withdrawals';
import { DomainError } from './errors';

export type { CostPaid, CustodyPlace, Sender } from '../commands/shapes';
export type { OrderTerms } from '../commands/orders';
export type { VenueTrade } from '../commands/venue';
export type { SeenPayment } from '../commands/withdrawals';

/** Schema and sender of every kind of command. A new module adds its line here. */
export const COMMANDS = {
  ...MONEY_COMMANDS,
  ...VENUE_COMMANDS,
  ...SWAP_COMMANDS,
  ...WITHDRAWAL_COMMANDS,
  ...ORDER_COMMANDS,
} as const;

export type CommandKind = keyof typeof COMMANDS;
/** The fields of one kind of command, with its kind. */
export type CommandOf<Kind extends CommandKind> = { readonly kind: Kind } & z.infer<(typeof COMMANDS)[Kind]['schema']>;
export type CommandBody = { [Kind in CommandKind]: CommandOf<Kind> }[CommandKind];

export type Command = CommandBody & {
  /** At most 190 characters, ASCII. */
  readonly reference: string;
};

/** What a command answers when it was done: small, JSON, stored with the reference. */
export type CommandAnswer = Readonly<Record<string, string | number | boolean | null>>;

/**
 * Checks a command that came from another process. Throws FORBIDDEN for a kind that only the engine's own process may
 * send and for an admin's command without its admin, BAD_REQUEST (with the field) for one that is not what its schema
 * says.
 */
export function checkRemoteCommand(received: unknown): Command {
  const { kind, reference, ...fields } = (received ?? {}) as Record<string, unknown>;
  const rule = typeof kind === 'string' && Object.hasOwn(COMMANDS, kind) ? COMMANDS[kind as CommandKind] : undefined;
  if (rule === undefined || rule.who === 'internal') throw new DomainError('FORBIDDEN');
  // What the exchange itself may order without an admin is not for another process to order.
  if (rule.who === 'admin' && typeof fields.adminId !== 'string') throw new DomainError('FORBIDDEN');
  if (typeof reference !== 'string' || !/^[\x21-\x7e]{1,190}$/.test(reference))
    throw new DomainError('BAD_REQUEST', { field: 'reference' });
  const checked = rule.schema.safeParse(fields);
  if (!checked.success)
    throw new DomainError('BAD_REQUEST', { field: checked.error.issues[0]?.path.join('.') || 'fields' });
  return received as Command;
}
