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

/** States that accept no event. */
export function finalStates<State extends string, Event extends string>(table: Transitions<State, Event>): State[] {
  return (Object.keys(table) as State[]).filter((state) => Object.keys(table[state]).length === 0);
}
