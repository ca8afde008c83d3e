import { Not } from 'typeorm';
import type { DataSource } from 'typeorm';
import { ProofEntity, ProofLeafEntity } from '../entities/proofs';
import type { ProofLeafRow, ProofRow } from '../entities/proofs';

const ROWS_A_STATEMENT = 200;

/** Publishes a proof with everybody's leaf; the leaves of older proofs go. */
export async function publishProof(
  dataSource: DataSource,
  proof: ProofRow,
  leaves: readonly ProofLeafRow[],
): Promise<void> {
  await dataSource.transaction(async (manager) => {
    await manager.insert(ProofEntity, proof);
    for (let at = 0; at < leaves.length; at += ROWS_A_STATEMENT)
      await manager.insert(ProofLeafEntity, leaves.slice(at, at + ROWS_A_STATEMENT));
    await manager.delete(ProofLeafEntity, { proofId: Not(proof.id) });
  });
}

export async function latestProof(dataSource: DataSource): Promise<ProofRow | null> {
  const [row] = await dataSource.getRepository(ProofEntity).find({ order: { at: 'DESC', id: 'DESC' }, take: 1 });
  return row ?? null;
}

/** The user's leaf in the newest proof. */
export const leafOf = (dataSource: DataSource, userId: string): Promise<ProofLeafRow | null> =>
  dataSource.getRepository(ProofLeafEntity).findOneBy({ userId });
