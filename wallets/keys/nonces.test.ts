/** E38: a number that two signatures share gives the key away. */
import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Mnemonic, SigningKey, Transaction } from 'ethers';
import * as secp256k1 from 'tiny-secp256k1';
import { createSigner } from '.';
import type { TronIntent } from '../../domain/contract/ports';
import { decodeSigned, encodeSigned } from '../chains/tron/wire';
import { createNonceIndex } from './nonces';
import { openRules } from './testing';

/** Key, text, r and s: the well-known RFC 6979 vectors of this curve (with SHA-256, s in the lower half). */
test.each([
  [
    '0000000000000000000000000000000000000000000000000000000000000001',
    'Satoshi Nakamoto',
    '934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8',
    '2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5',
  ],
  [
    '0000000000000000000000000000000000000000000000000000000000000001',
    'All those moments will be lost in time, like tears in rain. Time to die...',
    '8600dbd41e348fe5c9465ab92d23e3db8b98b873beecd930736488696438cb6b',
    '547fe64427496db33bf66019dacbf0039c04199abb0122918601db38a72cfc21',
  ],
  [
    'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140',
    'Satoshi Nakamoto',
    'fd567d121db66e382991534ada77a6bd3106f0a1098c231e47993447cd6af2d0',
    '6b39cd0eb1bc8603e159ef5c20a5c8ad685a45b06ce9bebed3f153d10d93bed5',
  ],
])('E38 both libraries sign alike, twice alike, and as the vectors say: %s', (key, text, r, s) => {
  const digest = createHash('sha256').update(text).digest();
  const secret = Buffer.from(key, 'hex');
  for (let time = 0; time < 2; time++) {
    const signed = new SigningKey(secret).sign(digest);
    expect([signed.r, signed.s]).toEqual([`0x${r}`, `0x${s}`]);
    expect(Buffer.from(secp256k1.sign(digest, secret)).toString('hex')).toBe(r + s);
  }
});

test('E38 a number that comes again over something else is not released; over the same it is', () => {
  const index = createNonceIndex();
  index.add('0x01', 'a');
  index.add('0x01', 'a');
  index.add('0x02', 'b');
  expect(() => index.add('0x01', 'b')).toThrow('FORBIDDEN');
});

test('E38 a log in which a number repeats stops the signer at its start', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'nonces-'));
  const policy = {
    networks: { ethereum: { chainId: 31337, gasAsset: 'ETH', rails: { ETH: { contract: null, decimals: 18 } } } },
    maxGasCost: '0.1',
    approvals: openRules,
    venueAddresses: 'first-seen' as const,
  };
  const mnemonic = Mnemonic.fromPhrase(
    'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about',
  );
  try {
    const signer = createSigner(mnemonic, policy, dir);
    const fees = { gasLimit: '25200', maxFeePerGas: '3000000000', maxPriorityFeePerGas: '1000000000' };
    await signer.sign({
      intentId: 'withdrawal:w1:0',
      network: 'ethereum',
      purpose: 'withdrawal',
      asset: 'ETH',
      from: 'hot',
      to: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8',
      amount: '1',
      nonce: 0,
      ...fees,
    });
    signer.close();
    createSigner(mnemonic, policy, dir).close();
    const line = JSON.parse(readFileSync(join(dir, 'signed.jsonl'), 'utf8')) as { rawTransaction: string };
    const other = Transaction.from(line.rawTransaction);
    const { signature } = other;
    const copy = Transaction.from({
      type: 2,
      chainId: 31337,
      nonce: 1,
      gasLimit: 21000n,
      maxFeePerGas: 1n,
      maxPriorityFeePerGas: 1n,
      to: other.to,
      value: 5n,
    });
    copy.signature = signature;
    appendFileSync(
      join(dir, 'signed.jsonl'),
      `${JSON.stringify({ ...line, intentId: 'withdrawal:w2:0', rawTransaction: copy.serialized })}\n`,
    );
    expect(() => createSigner(mnemonic, policy, dir)).toThrow('FORBIDDEN');
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test('E38 on TRON too: a number of the log is not released over something else, and a log in which one repeats stops the start', async () => {
  const root = mkdtempSync(join(tmpdir(), 'nonces-tron-'));
  const tron = { gasAsset: 'TRX', rails: { TRX: { contract: null, decimals: 6 } }, maxFee: '60' };
  const policy = { networks: {}, maxGasCost: '0', trons: { tron }, approvals: openRules };
  const mnemonic = Mnemonic.fromPhrase(
    'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about',
  );
  const at = Date.now();
  const intent = (id: string, amount: string): TronIntent => ({
    intentId: `withdrawal:${id}:0`,
    network: 'tron',
    purpose: 'withdrawal',
    asset: 'TRX',
    from: 'hot',
    to: 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t',
    amount,
    feeLimit: '0',
    envelope: { blockBytes: '00ab', blockHash: '00112233445566aa', timestamp: at, expiration: at + 60_000 },
  });
  const [one, two, file] = [join(root, 'one'), join(root, 'two'), 'signed-tron.jsonl'];
  [one, two].forEach((dir) => mkdirSync(dir));
  try {
    const signer = createSigner(mnemonic, policy, one);
    const [first, second] = [await signer.signTron(intent('w1', '1')), await signer.signTron(intent('w2', '2'))];
    signer.close();
    createSigner(mnemonic, policy, one).close();
    // The first payment's bytes with the number that the second one is signed with: signatures are deterministic.
    const [body, other] = [decodeSigned(first.rawTransaction), decodeSigned(second.rawTransaction)];
    const planted = JSON.stringify({
      intentId: 'withdrawal:w0:0',
      bodyHash: '',
      txid: first.txid,
      rawTransaction: encodeSigned(body.raw, other.signature),
      expiration: 0,
    });
    appendFileSync(join(two, file), `${planted}\n`);
    const warned = createSigner(mnemonic, policy, two);
    await expect(warned.signTron(intent('w2', '2'))).rejects.toMatchObject({
      code: 'FORBIDDEN',
      details: { signer: expect.stringContaining('repeats') },
    });
    await warned.signTron(intent('w3', '3'));
    warned.close();
    expect(readFileSync(join(two, file), 'utf8')).not.toContain('withdrawal:w2:0');
    appendFileSync(join(one, file), `${planted}\n`);
    expect(() => createSigner(mnemonic, policy, one)).toThrow('FORBIDDEN');
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
