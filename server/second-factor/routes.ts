import QRCode from 'qrcode';
import { ENDPOINTS } from '../../domain/contract/api/endpoints';
import { route } from '../http/route';
import type { Route } from '../http/route';
import type { SecondFactors } from './service';

export function secondFactorRoutes(service: SecondFactors): Route[] {
  return [
    route(ENDPOINTS.secondFactor, ({ user }) => service.view(user.id)),
    route(ENDPOINTS.beginSecondFactor, async ({ user, body }) => {
      const offered = await service.begin(user, body.password);
      return { ...offered, qr: `data:image/svg+xml;utf8,${encodeURIComponent(await QRCode.toString(offered.uri, { type: 'svg', margin: 2 }))}` };
    }),
    route(ENDPOINTS.confirmSecondFactor, async ({ user, body }) => ({ recoveryCodes: await service.confirm(user.id, body.code) })),
    route(ENDPOINTS.removeSecondFactor, async ({ user, body }) => {
      await service.remove(user.id, body.code);
      return {};
    }),
  ];
}
