import { EntitySchema } from 'typeorm';
import { big, id, primary, text } from './columns';

/** A published proof of what is owed and what covers it. The statement is kept as it was signed, letter by letter. */
export interface ProofRow {
  id: string;
  statement: string;
  signature: string;
  publicKey: string;
  at: number;
}
export const ProofEntity = new EntitySchema<ProofRow>({
  name: 'proofs',
  columns: {
    id: id(),
    statement: { type: 'mediumtext' },
    signature: text('signature', 200),
    publicKey: text('public_key', 500),
    at: big(),
  },
});

/** One user's leaf with its way to the root, as JSON. Of the newest proof alone. */
export interface ProofLeafRow {
  proofId: string;
  userId: string;
  leaf: string;
}
export const ProofLeafEntity = new EntitySchema<ProofLeafRow>({
  name: 'proof_leaves',
  columns: {
    proofId: primary(text('proof_id', 64)),
    userId: primary(text('user_id', 64)),
    leaf: { type: 'mediumtext' },
  },
});
