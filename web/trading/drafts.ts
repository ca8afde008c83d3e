/**
 * The order form's drafts: one for each type of order, so that nothing which was set for one rides along on another.
 */
import { KINDS, emptyDraft, hasIceberg, hasPrice, hasTimeInForce, isStop } from './terms';
import type { Draft, Kind, Side } from './terms';

export type Drafts = Record<Kind, Draft>;

export const emptyDrafts = (): Drafts => Object.fromEntries(KINDS.map((kind) => [kind, emptyDraft(kind)])) as Drafts;

/** The side is chosen for the form, whatever type is shown. */
export function chooseSide(drafts: Drafts, side: Side): void {
  for (const kind of KINDS) drafts[kind].side = side;
}

/** A price to begin with, where nobody has written one: each draft gets it once and never again. */
export function offerPrice(drafts: Drafts, price: string): void {
  for (const kind of KINDS) {
    const draft = drafts[kind];
    if (hasPrice(kind) && !draft.isPriced) draft.price = price;
    draft.isPriced = true;
  }
}

/** The order went out: how much, and what was special about it, is said anew for the next one. Its price stays. */
export function cleared(draft: Draft): Draft {
  const { side, kind, price, isPriced, byTotal } = draft;
  return { ...emptyDraft(kind), side, price, isPriced, byTotal };
}

export type Option = 'trailing' | 'iceberg' | 'timeInForce' | 'prevention';

/** What the folded part of the form has of this type of order, and is set to something else than usual. */
export function setOptions(draft: Draft): Option[] {
  const usual = emptyDraft(draft.kind);
  const shown: Record<Option, boolean> = {
    trailing: isStop(draft.kind),
    iceberg: hasIceberg(draft.kind),
    timeInForce: hasTimeInForce(draft.kind) && !(hasIceberg(draft.kind) && draft.iceberg.trim() !== ''),
    prevention: true,
  };
  return (Object.keys(shown) as Option[]).filter((option) => shown[option] && draft[option].trim() !== usual[option]);
}
