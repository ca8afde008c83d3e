import { latestProof, leafOf } from '../../db/stores/proofs';
import { ENDPOINTS } from '../../domain/contract/api/endpoints';
import { proofLeafView, proofView } from '../../domain/contract/api/proof';
import { DomainError } from '../../domain/contract/errors';
import type { ServerDeps } from '../deps';
import { route } from '../http/route';
import type { Route } from '../http/route';
import { view } from '../present';

export const proofRoutes = ({ dataSource }: Pick<ServerDeps, 'dataSource'>): Route[] => [
  route(ENDPOINTS.proof, async () => {
    const row = await latestProof(dataSource);
    if (!row) throw new DomainError('NOT_FOUND');
    return view(proofView, row);
  }),
  route(ENDPOINTS.proofLeaf, async ({ user }) => {
    const row = await leafOf(dataSource, user.id);
    if (!row) throw new DomainError('NOT_FOUND');
    return proofLeafView.parse(JSON.parse(row.leaf));
  }),
];
