/** A user's authenticator, for tests. */
import { PASSWORD } from '../testing';
import type { TestWorld, Visitor } from '../testing';
import { codeOf, stepAt } from './totp';

const bytes = (base32: string): Buffer => {
  const bits = [...base32]
    .map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'))
    .join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
};

/** What an authenticator shows now; time goes on by a step first, so that no code was used before. */
export function shownBy(world: Pick<TestWorld, 'clock'>, secret: string): string {
  world.clock.advance(30_000);
  return codeOf(bytes(secret), stepAt(world.clock.now()));
}

/** Enrols an authenticator for who is logged in. */
export async function enrol(
  world: Pick<TestWorld, 'clock'>,
  user: Visitor,
): Promise<{ secret: string; codes: string[]; code: () => string }> {
  const { body } = await user.send('post', '/second-factor', { password: PASSWORD });
  const secret = (body as { secret: string }).secret;
  const confirmed = await user.send('post', '/second-factor/confirm', { code: shownBy(world, secret) });
  return {
    secret,
    codes: (confirmed.body as { recoveryCodes: string[] }).recoveryCodes,
    code: () => shownBy(world, secret),
  };
}
