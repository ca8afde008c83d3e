/** Users of the bench: each logs in by the API and keeps the head of every request that is theirs. */
import { request } from 'node:http';

export interface Person {
  /** Cookie and token, as lines of a request's head. */
  readonly headers: string;
  readonly cookie: string;
  readonly email: string;
}

const AT_ONCE = 4;
/** Log-ins from one address are limited, so the users come from many: all of 127.0.0.0/8 is this machine. */
const PER_ADDRESS = 40;

interface Session {
  readonly cookie: string;
  readonly csrfToken: string;
}

/** Logs in from a loopback address of its own choice. Rejects, with the answer's status, where it is refused. */
function openSession(port: number, localAddress: string, email: string, password: string): Promise<Session> {
  const body = JSON.stringify({ email, password });
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, localAddress, method: 'POST', path: '/api/session', headers },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => void parts.push(part));
        answer.on('end', () => {
          const { csrfToken } = JSON.parse(Buffer.concat(parts).toString('utf8') || '{}') as { csrfToken?: string };
          const cookie =
            answer.headers['set-cookie']?.find((line) => line.includes('javizen.sid='))?.split(';')[0] ?? '';
          if (csrfToken) resolve({ cookie, csrfToken });
          else reject(new Error(`${email} could not log in (${answer.statusCode})`));
        });
      },
    );
    asked.on('error', reject);
    asked.end(body);
  });
}

export async function logIn(port: number, emails: readonly string[], password: string): Promise<Person[]> {
  const people: Person[] = [];
  const waiting = [...emails];
  const one = async (): Promise<void> => {
    for (let email = waiting.pop(); email !== undefined; email = waiting.pop()) {
      const { cookie, csrfToken } = await openSession(
        port,
        `127.0.1.${1 + Math.floor(waiting.length / PER_ADDRESS)}`,
        email,
        password,
      );
      people.push({ email, cookie, headers: `Cookie: ${cookie}\r\nX-CSRF-Token: ${csrfToken}\r\n` });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return people;
}
