import { EntitySchema } from 'typeorm';
import { big, id, int, json, money, nullable, primary, text } from './columns';

/** What was known of a withdrawal when it was asked for, and what followed. */
export interface WithdrawalReviewRow {
  withdrawalId: string;
  userId: string;
  /** In the quote asset, of what leaves the balance; null where nothing had a price. */
  value: string | null;
  verdict: 'pass' | 'review';
  reasons: string[];
  /** The receiver is one of our own users. */
  inside: boolean;
  at: number;
}
export const WithdrawalReviewEntity = new EntitySchema<WithdrawalReviewRow>({
  name: 'withdrawal_reviews',
  columns: {
    withdrawalId: id('withdrawal_id'),
    userId: text('user_id', 64),
    value: nullable(money()),
    verdict: text('verdict', 20),
    reasons: json(),
    inside: { type: 'boolean' },
    at: big(),
  },
});

/**
 * A user's address book: where coins of theirs were paid to, by the engine, or what its owner confirmed, and since
 * when. A refusal takes it out.
 */
export interface KnownAddressRow {
  userId: string;
  network: string;
  address: string;
  since: number;
}
export const KnownAddressEntity = new EntitySchema<KnownAddressRow>({
  name: 'known_addresses',
  columns: {
    userId: primary(text('user_id', 64)),
    network: primary(text('network', 64)),
    address: primary(text('address', 100)),
    since: big(),
  },
});

/** Users whom an admin has put into another tier than the first. */
export interface TierRow {
  userId: string;
  tier: number;
  adminId: string;
  at: number;
}
export const TierEntity = new EntitySchema<TierRow>({
  name: 'tiers',
  columns: { userId: primary(text('user_id', 64)), tier: int(), adminId: text('admin_id', 64), at: big() },
});

/** A higher tier that an admin wants for a user. `decidedAt` null: it waits for another admin. */
export interface TierWishRow {
  id: string;
  userId: string;
  tier: number;
  why: string;
  adminId: string;
  at: number;
  decidedAt: number | null;
}
export const TierWishEntity = new EntitySchema<TierWishRow>({
  name: 'tier_wishes',
  columns: {
    id: id(),
    userId: text('user_id', 64),
    tier: int(),
    why: text('why', 500),
    adminId: text('admin_id', 64),
    at: big(),
    decidedAt: nullable(big('decided_at')),
  },
});
