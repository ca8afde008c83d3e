/** Solves the challenge of a log-in beside the page, so that the page stays alive. */
// The bundler answers the address of the built file.
// oxlint-disable-next-line import/default
import workerUrl from './work-worker?worker&url';
import type { Challenge, Proof } from './work';

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string };
}

/** More would take a browser minutes: whoever asks for it is not our exchange. */
const MOST_BITS = 24;

/** A worker's script is named through a policy (the page's security policy names ours), which knows this one script. */
const scripts = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy('javizen', {
  createScriptURL: (url) => {
    if (url !== workerUrl) throw new Error('not a script of ours');
    return url;
  },
});

/** The challenge in the details of a refusal, or null where there is none that can be solved. */
export function challengeIn(details: Record<string, unknown>): Challenge | null {
  const { challenge, difficulty } = details;
  if (typeof challenge !== 'string' || typeof difficulty !== 'number' || difficulty > MOST_BITS) return null;
  return { challenge, difficulty };
}

export function solveBeside(challenge: Challenge): Promise<Proof> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(scripts?.createScriptURL(workerUrl) ?? workerUrl, { type: 'module' });
    const end = (): void => worker.terminate();
    worker.addEventListener('message', ({ data }: MessageEvent<Proof>) => {
      end();
      resolve(data);
    });
    worker.addEventListener('error', () => {
      end();
      reject(new Error('the challenge could not be solved'));
    });
    worker.postMessage(challenge);
  });
}
