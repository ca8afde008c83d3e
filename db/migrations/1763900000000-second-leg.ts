import type { Migration } from '../migration';

/** Swaps over an asset between: which leg is at the venue, and what is held between the two. */
export const SecondLeg1763900000000: Migration = {
  name: 'SecondLeg1763900000000',
  steps: [
    `ALTER TABLE swaps ADD COLUMN leg INT NOT NULL DEFAULT 0,
      ADD COLUMN between_asset VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NULL, ADD COLUMN between_amount DECIMAL(38,18) NOT NULL DEFAULT 0`,
    // A swap that is at the venue while this runs says by its own columns what its leg was to give and pay.
    `UPDATE swaps s JOIN venue_intents i ON i.swap_id = s.id AND i.leg = 0
      SET s.legs = JSON_ARRAY(JSON_OBJECT('symbol', i.symbol, 'side', i.side, 'quantity', CAST(i.quantity AS CHAR), 'limit', CAST(i.limit_price AS CHAR),
        'from', s.from_asset, 'to', s.to_asset, 'fromAmount', CAST(s.from_amount AS CHAR), 'toAmount', CAST(s.to_amount AS CHAR), 'seen', JSON_EXTRACT(s.seen, '$')))`,
    'ALTER TABLE swaps DROP COLUMN seen',
  ],
};
