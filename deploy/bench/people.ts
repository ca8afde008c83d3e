/** Users of the bench: each logs in by the API and keeps the head of every request that is theirs. */
export interface Person {
  /** Cookie and token, as lines of a request's head. */
  readonly headers: string;
  readonly cookie: string;
  readonly email: string;
}

const AT_ONCE = 4;

export async function logIn(port: number, emails: readonly string[], password: string): Promise<Person[]> {
  const people: Person[] = [];
  const waiting = [...emails];
  const one = async (): Promise<void> => {
    for (let email = waiting.pop(); email !== undefined; email = waiting.pop()) {
      const response = await fetch(`http://127.0.0.1:${port}/api/session`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ email, password }) });
      const cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
      const { csrfToken } = (await response.json()) as { csrfToken?: string };
      if (!csrfToken) throw new Error(`${email} could not log in (${response.status})`);
      people.push({ email, cookie, headers: `Cookie: ${cookie}\r\nX-CSRF-Token: ${csrfToken}\r\n` });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return people;
}
