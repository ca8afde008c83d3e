/**
 * What every network must do behind its interface, on real nodes: the local ones, and those that the environment
 * names. `TEST_SEPOLIA_RPC_URL`: a node of Sepolia. `TEST_BITCOIN_CORE_URL`: Bitcoin Core on regtest with a wallet
 * that has coins, http://user:password@host:port.
 */
import type { BlockHeader, Broadcast, ChainTransfer } from '../../wallets/chains/chain';
import { chainsUnderTest } from '../stage/chains-under-test';
import type { AnyChain, ChainUnderTest } from '../stage/chains-under-test';

jest.setTimeout(120_000);

const ABSENT_HEIGHT = 2_000_000_000;
const nobody = (): boolean => false;

for (const { name, absent, open } of chainsUnderTest()) {
  if (absent) process.stderr.write(`${name}: ${absent}\n`);
  (absent ? describe.skip : describe)(`the chain of ${name}`, () => {
    let under: ChainUnderTest;
    let chain: AnyChain;
    beforeAll(async () => {
      under = await open();
      chain = under.chain;
    });
    afterAll(() => under?.close());

    test('it is the chain of the settings; one of another chain is refused', async () => {
      await expect(chain.check()).resolves.toBeUndefined();
      await expect(under.wrongChain().check()).rejects.toMatchObject({ name: 'WrongChain' });
    });

    test('blocks stand on one another, the same by every asking, up to the head', async () => {
      const head = await chain.head();
      expect(head).toBeGreaterThan(1);
      const lowest = head > 5 ? head - 5 : 1;
      const headers: BlockHeader[] = [];
      for (let height = lowest; height <= head; height++) headers.push(await chain.header(height));
      for (const [at, header] of headers.entries()) {
        expect(header.height).toBe(lowest + at);
        expect(header.hash).toMatch(/^(0x)?[0-9a-f]{64}$/);
        if (at > 0) expect(header.parentHash).toBe(headers[at - 1]?.hash);
      }
      expect(await chain.header(lowest)).toEqual(headers[0]);
    });

    test('what is not there is an error, never an empty block', async () => {
      await expect(chain.header(ABSENT_HEIGHT)).rejects.toThrow();
      const header = await chain.header(await chain.head());
      const other = { ...header, hash: header.hash.replace(/[0-9a-f]{8}$/, '00000000') };
      await expect(chain.transfers(other, nobody)).rejects.toThrow();
    });

    test('a block is read for nobody without a word of anybody', async () => {
      expect(await chain.transfers(await chain.header(await chain.head()), nobody)).toEqual([]);
    });

    test('one spelling of an address, its own; none of what is no address here', () => {
      const { good, bad } = under.addresses;
      const canonical = chain.address(good);
      expect(canonical).toBeDefined();
      expect(chain.address(canonical ?? '')).toBe(canonical);
      for (const text of [
        ...bad,
        '',
        ' ',
        good.slice(0, -1),
        `${good}1`,
        ` ${good}`,
        `${good}\n`,
        good.replace(/.$/, '٣'),
      ])
        expect([text, chain.address(text)]).toEqual([text, undefined]);
    });

    test('bytes that are no transaction are not taken', async () => {
      const said: Broadcast | Error = await chain.broadcast(under.nonsense).catch((error: unknown) => error as Error);
      expect(said instanceof Error || !said.taken).toBe(true);
    });

    test('nobody answers: every question is an error', async () => {
      const away = under.away();
      await expect(away.head()).rejects.toThrow();
      await expect(away.header(1)).rejects.toThrow();
      await expect(away.check()).rejects.toThrow();
    });

    test('a payment is seen once, in its block and in no other, to the unit', async () => {
      const { pay } = under;
      if (!pay) return;
      const before = await chain.head();
      const { to, amount, asset } = await pay();
      const seen: (ChainTransfer & { height: number })[] = [];
      for (let height = before + 1; height <= (await chain.head()); height++) {
        const header = await chain.header(height);
        const found = await chain.transfers(header, (address) => address.toLowerCase() === to.toLowerCase());
        expect(await chain.transfers(header, (address) => address.toLowerCase() === to.toLowerCase())).toEqual(found);
        seen.push(...found.map((transfer) => ({ ...transfer, height })));
      }
      expect(seen).toMatchObject([{ asset, amount }]);
      expect(chain.address(seen[0]?.to ?? '')).toBe(to);
    });

    test('a payment is taken, taken again, and taken when it was mined', async () => {
      const { sign, mine } = under;
      if (!sign || !mine) return;
      const raw = await sign();
      expect(await chain.broadcast(raw)).toEqual({ taken: true });
      expect(await chain.broadcast(raw)).toEqual({ taken: true });
      await mine();
      expect(await chain.broadcast(raw)).toEqual({ taken: true });
    });
  });
}
