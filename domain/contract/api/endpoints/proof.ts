import * as proof from '../proof';
import { get } from './endpoint';
import type { Endpoint } from './endpoint';

export const proofEndpoints = {
  proof: get('/proof', 'The newest proof of what is owed and what covers it, as it was signed', {
    access: 'public',
    answers: proof.proofView,
    refuses: ['NOT_FOUND'],
  }),
  proofLeaf: get('/proof/leaf', 'My leaf in it, with the way to the root', {
    answers: proof.proofLeafView,
    refuses: ['NOT_FOUND'],
  }),
} satisfies Record<string, Endpoint>;
