import type { DepositAddressRow } from '../../db/entities/deposits';
import type { KeySpace } from '../../db/stores/child-numbers';
import type { DepositStore } from '../../db/stores/deposits';
import type { Clock } from '../../domain/clock-and-ids';
import { DomainError } from '../../domain/contract/errors';

/** The key at hand is not the one that the addresses were made from. */
export class WrongKey extends Error {
  override readonly name = 'WrongKey';
}

/** Hexadecimal is one address in either case; in base 58 another case is another address. */
const keyOf = (address: string): string => (address.startsWith('0x') ? address.toLowerCase() : address);

/** Our deposit addresses of one network, in memory: every transfer of every block is held against them. */
export class OwnAddresses {
  private readonly byAddress = new Map<string, DepositAddressRow>();
  private readonly inOrder: string[] = [];
  /** All places up to here were read from the table; what this process issued itself may lie above. */
  private readUpTo = -1;

  private constructor(
    private readonly space: KeySpace,
    private readonly derive: (index: number) => string,
    private readonly store: DepositStore,
    private readonly clock: Clock,
  ) {}

  /**
   * Loads the issued addresses, and issues here those that their users have on other networks of the same key: who
   * pays to one of them here by mistake pays its owner. Refuses to go on when the key at hand does not derive them.
   */
  static async load(
    space: KeySpace,
    derive: (index: number) => string,
    store: DepositStore,
    clock: Clock,
  ): Promise<OwnAddresses> {
    const own = new OwnAddresses(space, derive, store, clock);
    await store.fill(space, clock.now());
    await own.refresh();
    const rows = [...own.byAddress.values()];
    for (const row of [rows[0], rows.at(-1)]) if (row) own.mustDerive(row);
    return own;
  }

  /**
   * Reads what was issued since, by other processes too. Called after the chain's head was read and before its blocks
   * are.
   */
  async refresh(): Promise<void> {
    for (const row of await this.store.addresses(this.space.network, this.readUpTo)) {
      this.add(row);
      this.readUpTo = row.place;
    }
  }

  /**
   * A row that our key does not derive is a wrong seed, or somebody else's hand in the table: coins sent there are
   * lost.
   */
  private mustDerive({ index, address }: DepositAddressRow): void {
    if (this.derive(index) !== address)
      throw new WrongKey(
        `${this.space.network}: the signer's key does not derive address ${index}; is it another seed?`,
      );
  }

  /** All of them; new ones at the end. */
  all(): readonly string[] {
    return this.inOrder;
  }

  private add(row: DepositAddressRow): void {
    const name = keyOf(row.address);
    if (!this.byAddress.has(name)) this.inOrder.push(row.address);
    this.byAddress.set(name, row);
  }

  isOurs(address: string): boolean {
    return this.byAddress.has(keyOf(address));
  }

  ownerOf(address: string): DepositAddressRow | undefined {
    return this.byAddress.get(keyOf(address));
  }

  /** Is it another user's on another network? Whom a payment to it is meant for cannot be seen; see holding.ts. */
  async isOfTwo(address: string): Promise<boolean> {
    const row = this.ownerOf(address);
    return row !== undefined && (await this.store.otherOwners(row)).length > 0;
  }

  isFrozen(address: string): boolean {
    return this.ownerOf(address)?.frozenAt != null;
  }

  /** As the table says it by now. */
  freeze(address: string, at: number): void {
    const row = this.ownerOf(address);
    if (row) row.frozenAt = at;
  }

  /** The user's own address; issued on first ask. Refuses ASSET_PAUSED where it is frozen. */
  async addressFor(userId: string): Promise<string> {
    const row = await this.store.issue(this.space, userId, this.derive, this.clock.now());
    this.mustDerive(row);
    if (row.frozenAt != null) throw new DomainError('ASSET_PAUSED', { network: this.space.network });
    this.add(row);
    return row.address;
  }
}
