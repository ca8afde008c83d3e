import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import type { Approval } from '../../domain/contract/api/approvals';
import { approvalText } from '../../domain/lifecycle/approval';
import type { ApprovedPayment } from '../../domain/lifecycle/approval';
import { readPublicKey } from './admins';

/**
 * A key pair as a program of an admin's keeps it: the private key as PEM, the public one as SPKI in base64. A browser
 * makes its own.
 */
export function makeAdminKey(): { privateKey: string; publicKey: string } {
  const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return {
    privateKey: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    publicKey: pair.publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
  };
}

/**
 * What the page does with the key in the browser: signs one payout of a withdrawal. `feeCap` is of the network's own
 * coin.
 */
export function signApproval(privateKey: string, payment: ApprovedPayment, feeCap: string, at: number): Approval {
  const key = createPrivateKey(privateKey);
  const signature = sign('sha256', Buffer.from(approvalText(payment, { at, feeCap })), {
    key,
    dsaEncoding: 'ieee-p1363',
  });
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64');
  return { key: readPublicKey(spki).key, at, feeCap, signature: signature.toString('base64') };
}
