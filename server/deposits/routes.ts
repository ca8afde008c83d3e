import QRCode from 'qrcode';
import { depositsOf } from '../../db/stores/history';
import { ENDPOINTS } from '../../domain/contract/api/endpoints';
import { DomainError } from '../../domain/contract/errors';
import type { ServerDeps } from '../deps';
import { presentPage } from '../http/answers';
import { route } from '../http/route';
import type { Route } from '../http/route';
import { presentDeposit } from './present';

export function depositRoutes({
  dataSource,
  depositAddresses,
  registry,
}: Pick<ServerDeps, 'dataSource' | 'depositAddresses' | 'registry'>): Route[] {
  return [
    route(ENDPOINTS.depositAddress, async ({ user, body: { network } }) => {
      if (!registry.networks.some(({ id }) => id === network)) throw new DomainError('UNKNOWN_NETWORK');
      const address = await depositAddresses.addressFor(user.id, network);
      return { network, address, qr: await pictureOf(address) };
    }),
    route(ENDPOINTS.deposits, async ({ user, query }) =>
      presentPage(await depositsOf(dataSource, user.id, query), presentDeposit),
    ),
  ];
}

const pictureOf = async (text: string): Promise<string> =>
  `data:image/svg+xml;utf8,${encodeURIComponent(await QRCode.toString(text, { type: 'svg', margin: 2, errorCorrectionLevel: 'M' }))}`;
