import type { Command, CommandKind } from '../../domain/contract/commands';
import { DomainError } from '../../domain/contract/errors';
import { AmountError } from '../../domain/money/amount';
import { Draft } from './draft';
import type { Context } from './draft';
import { HANDLERS, MODULES } from './modules';
import type { EngineState } from './modules';

/**
 * Done (what to write and publish), or refused (nothing changed). Anything else that is thrown is a bug: nothing
 * changed either.
 */
export type Outcome = { readonly done: Draft } | { readonly refused: DomainError };

/** Carries one command out in memory. Pure but for `state`: no clock, no I/O; the same commands give the same books. */
export function apply(state: EngineState, command: Command, context: Context): Outcome {
  const draft = new Draft(state);
  try {
    applyOne(draft, command, context);
    for (const module of MODULES) module.afterCommand?.(draft, command.reference);
    return { done: draft };
  } catch (error) {
    if (draft.irrevocable) throw new MemorySpoilt(command.kind, { cause: error });
    draft.undo();
    if (error instanceof DomainError) return { refused: error };
    if (error instanceof AmountError) return { refused: new DomainError('BAD_AMOUNT', { reason: error.message }) };
    throw error;
  }
}

function applyOne<Kind extends CommandKind>(
  draft: Draft<EngineState>,
  command: Command & { readonly kind: Kind },
  context: Context,
): void {
  HANDLERS[command.kind].apply(draft, command as never, command.reference, context);
}

/** A fault after a book was moved: the memory is not what the tables will say, and must be built anew. */
export class MemorySpoilt extends Error {
  override readonly name = 'MemorySpoilt';
}
