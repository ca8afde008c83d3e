/** A cold storage that writes down what it is asked; for tests of the server and of the page. */
import type { ColdView } from '../../domain/contract/api/cold';
import { DomainError } from '../../domain/contract/errors';
import type { ColdPlan, ColdStorage } from '../../domain/contract/ports';

export interface StandInCold extends ColdStorage {
  readonly asked: (ColdPlan | { id: string; psbt?: string; txid?: string; adminId: string })[];
  transfers: ColdView['transfers'];
}

export function standInCold(): StandInCold {
  const asked: StandInCold['asked'] = [];
  const cold: StandInCold = {
    asked,
    transfers: [],
    view: async () => ({
      places: [
        {
          network: 'ethereum',
          held: { kind: 'addresses', addresses: ['0x00000000000000000000000000000000000000C1'] },
          receiving: '0x00000000000000000000000000000000000000C1',
          assets: [{ asset: 'ETH', booked: '12.5', advised: '2' }],
        },
        {
          network: 'bitcoin',
          held: { kind: 'multisig', required: 2, total: 3 },
          receiving: 'bcrt1qcold',
          assets: [{ asset: 'BTC', booked: '3', advised: null }],
        },
      ],
      transfers: cold.transfers,
    }),
    plan: async (wish) => {
      asked.push(wish);
      const at = 1_763_700_000_000;
      const { network, asset, amount, why } = wish;
      cold.transfers = [
        {
          id: 'cs1',
          network,
          asset,
          amount,
          fee: '0',
          state: 'WAITING_SIGNATURES',
          why,
          psbt: network === 'bitcoin' ? 'cHNidP8BAHECAAAAAQ==' : null,
          signatures: 0,
          txid: null,
          reason: null,
          createdAt: at,
          updatedAt: at,
        },
      ];
      return { id: 'cs1' };
    },
    gather: async (id, psbt, adminId) => {
      if (!psbt.startsWith('cHNidP')) throw new DomainError('BAD_PSBT');
      asked.push({ id, psbt, adminId });
      cold.transfers = cold.transfers.map((row) => ({ ...row, signatures: row.signatures + 1 }));
    },
    announce: async (id, txid, adminId) => {
      asked.push({ id, txid, adminId });
      cold.transfers = cold.transfers.map((row) => ({ ...row, state: 'SENDING', txid }));
    },
    cancel: async (id, adminId) => {
      asked.push({ id, adminId });
      cold.transfers = [];
    },
  };
  return cold;
}
