/** A table of allowed transitions: for each state, the events it accepts and the state each leads to. */
export type Transitions<State extends string, Event extends string> = {
  readonly [S in State]: { readonly [E in Event]?: State };
};

/** The next state, or undefined where the table does not allow the event: the caller refuses it, never ignores it. */
export function advance<State extends string, Event extends string>(
  table: Transitions<State, Event>,
  state: State,
  event: Event,
): State | undefined {
  return table[state][event];
}

/** Where an event leads, and from which states. Throws where it leads to several: then the row alone cannot tell. */
export function stepOf<State extends string, Event extends string>(
  table: Transitions<State, Event>,
  event: Event,
): { readonly from: readonly State[]; readonly to: State } {
  const from = (Object.keys(table) as State[]).filter((state) => advance(table, state, event) !== undefined);
  const [to, ...others] = new Set(from.flatMap((state) => advance(table, state, event) ?? []));
  if (to === undefined || others.length > 0) throw new Error(`${event} leads to ${others.length + 1} states`);
  return { from, to };
}

/** States that accept no event. */
export function finalStates<State extends string, Event extends string>(table: Transitions<State, Event>): State[] {
  return (Object.keys(table) as State[]).filter((state) => Object.keys(table[state]).length === 0);
}
