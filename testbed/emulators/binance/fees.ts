import type { ChangeSet } from './account';
import { UNIT, must, times } from './decimal';
import type { Floor } from './floor';

/** With BNB the commission is a quarter less. */
export const DISCOUNT = '0.75000000';

/** The commission of one fill: of what is received, or in BNB where that is switched on and there is enough of it. */
export function commissionOf(
  floor: Floor,
  isMaker: boolean,
  asset: string,
  received: bigint,
  changes: ChangeSet,
): { asset: string; amount: bigint } {
  const { settings } = floor.account;
  const usual = { asset, amount: times(received, must(isMaker ? settings.maker : settings.taker)) };
  if (!settings.bnbBurn) return usual;
  const amount = inBnb(floor, asset, times(usual.amount, must(DISCOUNT)));
  const free = floor.account.balance('BNB').free + changes.freed('BNB') + (asset === 'BNB' ? received : 0n);
  return amount === undefined || free < amount ? usual : { asset: 'BNB', amount };
}

function inBnb(floor: Floor, asset: string, amount: bigint): bigint | undefined {
  if (asset === 'BNB') return amount;
  const [worth, price] = [floor.rate(asset, 'USDT'), floor.rate('BNB', 'USDT')];
  if (!price || price.isInverse) return undefined;
  if (asset === 'USDT') return times((amount * UNIT) / price.price, UNIT);
  if (!worth || worth.isInverse) return undefined;
  return times((amount * worth.price) / price.price, UNIT);
}
