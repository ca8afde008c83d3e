/**
 * Letters to users, by a queue that is only a courier: what a letter tells is in the tables, and nothing is lost that
 * matters when the queue is flushed. One letter a kind and subject: the job's id is made of both.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Bull from 'bull';
import type { Redis } from 'ioredis';
import { createTransport } from 'nodemailer';
import type { Locale } from '../../domain/contract/api/languages';
import type { UserRow } from '../../db/entities/accounts';
import type { ServerConfig, ServerDeps } from '../deps';
import type { Links } from '../accounts/links';
import { words } from './letters';
import type { LetterKind } from './letters';

interface Letter {
  readonly kind: LetterKind;
  readonly to: string;
  readonly locale: Locale;
  readonly facts: Readonly<Record<string, string>>;
}

export interface Post {
  /**
   * Hands a letter to the courier and returns at once; `about` is what it is about, so that it is sent once. `facts`:
   * what its words name.
   */
  send(
    kind: LetterKind,
    about: string,
    to: Pick<UserRow, 'id' | 'email' | 'locale'>,
    facts?: Readonly<Record<string, string>>,
  ): void;
  close(): Promise<void>;
}

export function createPost(
  deps: Pick<ServerDeps, 'redis' | 'logger'>,
  config: Pick<ServerConfig, 'smtpUrl' | 'mailDir' | 'mailFrom'>,
  links: Pick<Links, 'freeze'>,
): Post {
  const clients: Redis[] = [];
  const newClient = (): Redis => {
    const client = deps.redis.duplicate({
      maxRetriesPerRequest: null,
      enableReadyCheck: false,
      keyPrefix: '',
      commandTimeout: undefined,
    });
    clients.push(client);
    return client;
  };
  const queue = new Bull<Letter>('mail', {
    prefix: `${deps.redis.options.keyPrefix ?? ''}javizen:jobs`,
    createClient: newClient,
    defaultJobOptions: {
      attempts: 5,
      backoff: { type: 'exponential', delay: 2000 },
      removeOnComplete: 1000,
      removeOnFail: 1000,
    },
  });
  const failed = (error: unknown): void =>
    deps.logger.warn({ event: 'mail.queue_failed', error: String(error) }, 'the mail queue has a problem');
  queue.on('error', failed);
  nameQuietly(queue, failed);
  const deliver = delivery(config);
  queue.process(async (job) => deliver(String(job.id), job.data)).catch(failed);
  return {
    send: (kind, about, { id, email, locale }, facts = {}) => {
      queue
        .add({ kind, to: email, locale, facts: { ...facts, freeze: links.freeze(id) } }, { jobId: `${kind}-${about}` })
        .catch(failed);
    },
    close: async () => {
      await queue.close(true).catch(failed);
      for (const client of clients) client.disconnect();
    },
  };
}

/** The queue tells Redis its name and looks at no answer: closed while Redis is away, its refusal would be nobody's. */
function nameQuietly(queue: object, failed: (error: unknown) => void): void {
  const named = queue as { setWorkerName(): Promise<unknown> };
  const tell = named.setWorkerName.bind(queue);
  named.setWorkerName = () => tell().catch(failed);
}

/** By SMTP where there is a server, else as files that can be read. */
function delivery({ smtpUrl, mailDir, mailFrom }: Pick<ServerConfig, 'smtpUrl' | 'mailDir' | 'mailFrom'>) {
  const from = mailFrom ?? 'Javizen <no-reply@localhost>';
  // Letters that an older version has put into the queue have no facts.
  const message = ({ kind, to, locale, facts = {} }: Partial<Letter> & Pick<Letter, 'kind' | 'to' | 'locale'>) => ({
    from,
    to,
    ...words(kind, locale, facts),
  });
  if (smtpUrl) {
    const transport = createTransport(smtpUrl);
    return async (_id: string, letter: Letter): Promise<void> => {
      await transport.sendMail(message(letter));
    };
  }
  const files = createTransport({ streamTransport: true, buffer: true });
  return async (id: string, letter: Letter): Promise<void> => {
    const { message: bytes } = await files.sendMail(message(letter));
    await mkdir(mailDir, { recursive: true, mode: 0o700 });
    await writeFile(join(mailDir, `${id.replace(/[^A-Za-z0-9_-]/g, '_')}.eml`), bytes as Buffer, { mode: 0o600 });
  };
}
