/** Runs the attacks one after the other, each once, and tells what each tried and what held it. */
import type { Attack } from './attack';
import { Broken } from './attack';
import { input } from './cases/input';
import { matrix } from './cases/matrix';
import { owning } from './cases/owning';
import { passkeys } from './cases/passkeys';
import { sessions } from './cases/sessions';
import { sockets } from './cases/sockets';
import { traces } from './cases/traces';
import { withdrawals } from './cases/withdrawals';
import { openStage } from './stage';
import type { Stage } from './stage';

export interface Outcome {
  readonly id: string;
  readonly what: string;
  readonly result: 'held' | 'broken' | 'not tried';
  /** What held it, what broke, or why it could not be tried. */
  readonly why: string;
}

/** The loud ones, which lock accounts or fill queues, come last. */
export const ATTACKS: readonly Attack[] = [
  ...matrix,
  ...owning,
  ...input,
  ...traces,
  ...withdrawals,
  ...passkeys,
  ...sockets,
  ...sessions,
];

export async function attack(
  attacks: readonly Attack[],
  say: (line: string) => void,
  tell: (outcome: Outcome) => void,
): Promise<readonly Outcome[]> {
  const stage = await openStage(say);
  try {
    const outcomes: Outcome[] = [];
    for (const one of attacks) {
      const outcome = await outcomeOf(one, stage);
      outcomes.push(outcome);
      tell(outcome);
    }
    return outcomes;
  } finally {
    await stage.close();
  }
}

async function outcomeOf({ id, what, run }: Attack, stage: Stage): Promise<Outcome> {
  try {
    return { id, what, result: 'held', why: await run(stage) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { id, what, result: error instanceof Broken ? 'broken' : 'not tried', why };
  }
}
