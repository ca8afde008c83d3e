/**
 * The admin's own key in this browser: made here, never shown to anybody and not readable by the page either; only
 * used to sign.
 */
import { approvalText } from '../../domain/lifecycle/approval';
import type { ApprovedPayment } from '../../domain/lifecycle/approval';
import type { Approval } from '../../domain/contract/api/approvals';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const STORE = 'keys';

function database(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('javizen-approvals', 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error ?? new Error('the browser keeps nothing here'));
  });
}

async function inStore<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const opened = await database();
  try {
    return await new Promise((resolve, reject) => {
      const asked = work(opened.transaction(STORE, mode).objectStore(STORE));
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error ?? new Error('the browser could not keep the key'));
    });
  } finally {
    opened.close();
  }
}

const base64 = (bytes: ArrayBuffer): string => btoa(String.fromCharCode(...new Uint8Array(bytes)));
const hexadecimal = (bytes: ArrayBuffer): string =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Of this browser, for one admin account; undefined before it was made. */
const pairOf = (adminId: string): Promise<CryptoKeyPair | undefined> =>
  inStore('readonly', (store) => store.get(adminId) as IDBRequest<CryptoKeyPair | undefined>);

/**
 * The public key (SPKI, base64) of this browser's pair, or null. Browsers sign on pages that came over https or from
 * this machine alone.
 */
export async function publicKeyOf(adminId: string): Promise<string | null> {
  const pair = await pairOf(adminId);
  return pair ? base64(await crypto.subtle.exportKey('spki', pair.publicKey)) : null;
}

/** Makes a pair whose private half nothing can read, and keeps it; answers the public half. One that is there stays. */
export async function makeKey(adminId: string): Promise<string> {
  const before = await publicKeyOf(adminId);
  if (before !== null) return before;
  const pair = await crypto.subtle.generateKey(ALGORITHM, false, ['sign', 'verify']);
  await inStore('readwrite', (store) => store.put(pair, adminId));
  return base64(await crypto.subtle.exportKey('spki', pair.publicKey));
}

/** Signs one payout. Throws where this browser has no key of the admin. */
export async function approve(
  adminId: string,
  payment: ApprovedPayment,
  feeCap: string,
  at: number,
): Promise<Approval> {
  const pair = await pairOf(adminId);
  if (!pair) throw new Error('this browser has no key');
  const signature = await crypto.subtle.sign(
    { name: ALGORITHM.name, hash: 'SHA-256' },
    pair.privateKey,
    new TextEncoder().encode(approvalText(payment, { at, feeCap })),
  );
  const named = await crypto.subtle.digest('SHA-256', await crypto.subtle.exportKey('spki', pair.publicKey));
  return { key: hexadecimal(named).slice(0, 32), at, feeCap, signature: base64(signature) };
}
