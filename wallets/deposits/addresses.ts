import type { DepositAddressRow } from '../../db/entities/deposits';
import type { DepositStore } from '../../db/stores/deposits';
import type { Clock } from '../../domain/clock-and-ids';

/** Our deposit addresses of one network, in memory: every transfer of every block is held against them. */
export class OwnAddresses {
  private readonly byAddress = new Map<string, DepositAddressRow>();

  private constructor(
    private readonly network: string,
    private readonly derive: (index: number) => string,
    private readonly store: DepositStore,
    private readonly clock: Clock,
  ) {}

  /** Loads the issued addresses; refuses to go on when the key at hand does not derive them. */
  static async load(network: string, derive: (index: number) => string, store: DepositStore, clock: Clock): Promise<OwnAddresses> {
    const own = new OwnAddresses(network, derive, store, clock);
    const rows = await store.addresses(network);
    for (const row of rows) own.byAddress.set(row.address.toLowerCase(), row);
    const newest = rows.reduce<DepositAddressRow | undefined>((last, row) => (!last || row.index > last.index ? row : last), undefined);
    for (const row of [rows.find((candidate) => candidate.index === 0), newest]) {
      if (row && derive(row.index) !== row.address) throw new Error(`${network}: the signer's key does not derive address ${row.index}; is it another seed?`);
    }
    return own;
  }

  isOurs(address: string): boolean {
    return this.byAddress.has(address.toLowerCase());
  }

  ownerOf(address: string): DepositAddressRow | undefined {
    return this.byAddress.get(address.toLowerCase());
  }

  /** The user's own address; issued on first ask. */
  async addressFor(userId: string): Promise<string> {
    const row = await this.store.issue(this.network, userId, this.derive, this.clock.now());
    this.byAddress.set(row.address.toLowerCase(), row);
    return row.address;
  }
}
