/**
 * What the files of the lists hold: everything that the API says of a row, under names that stay the same in every
 * language.
 */
import type { AuditView } from '../../domain/contract/api/admin';
import type { DepositView } from '../../domain/contract/api/deposits';
import type { FillView, OrderView } from '../../domain/contract/api/orders';
import type { SwapView } from '../../domain/contract/api/swaps';
import type { WithdrawalView } from '../../domain/contract/api/withdrawals';
import { csvTime } from '../lists/csv';
import type { Columns } from '../lists/csv';

export const depositColumns: Columns<DepositView> = [
  ['time', ({ createdAt }) => csvTime(createdAt)],
  ['id', ({ id }) => id],
  ['asset', ({ asset }) => asset],
  ['network', ({ network }) => network],
  ['amount', ({ amount }) => amount],
  ['credited', ({ credited }) => credited],
  ['fee', ({ fee }) => fee],
  ['state', ({ state }) => state],
  ['address', ({ address }) => address],
  ['txid', ({ txid }) => txid],
];
export const withdrawalColumns: Columns<WithdrawalView> = [
  ['time', ({ createdAt }) => csvTime(createdAt)],
  ['id', ({ id }) => id],
  ['asset', ({ asset }) => asset],
  ['network', ({ network }) => network],
  ['amount', ({ amount }) => amount],
  ['fee', ({ fee }) => fee],
  ['state', ({ state }) => state],
  ['address', ({ address }) => address],
  ['memo', ({ memo }) => memo],
  ['txid', ({ txid }) => txid],
  ['reason', ({ reason }) => reason],
];
export const swapColumns: Columns<SwapView> = [
  ['time', ({ createdAt }) => csvTime(createdAt)],
  ['id', ({ id }) => id],
  ['from', ({ from }) => from],
  ['given', ({ filledFrom }) => filledFrom],
  ['to', ({ to }) => to],
  ['received', ({ filledTo }) => filledTo],
  ['commission', ({ commission }) => commission],
  ['left_over_asset', ({ between }) => between?.asset ?? null],
  ['left_over', ({ between }) => between?.amount ?? null],
  ['state', ({ state }) => state],
];
export const orderColumns: Columns<OrderView> = [
  ['time', ({ createdAt }) => csvTime(createdAt)],
  ['id', ({ id }) => id],
  ['client_order_id', ({ clientOrderId }) => clientOrderId],
  ['list_id', ({ listId }) => listId],
  ['market', ({ symbol }) => symbol],
  ['side', ({ side }) => side],
  ['type', ({ type }) => type],
  ['time_in_force', ({ timeInForce }) => timeInForce],
  ['price', ({ price }) => price],
  ['stop_price', ({ stopPrice }) => stopPrice],
  ['quantity', ({ quantity }) => quantity],
  ['total_wished', ({ quoteOrderQty }) => quoteOrderQty],
  ['executed', ({ executedQty }) => executedQty],
  ['executed_total', ({ executedQuote }) => executedQuote],
  ['status', ({ status }) => status],
  ['reason', ({ reason }) => reason],
  ['updated', ({ updatedAt }) => csvTime(updatedAt)],
];
export const tradeColumns: Columns<FillView> = [
  ['time', ({ at }) => csvTime(at)],
  ['market', ({ symbol }) => symbol],
  ['trade_id', ({ tradeId }) => tradeId],
  ['order_id', ({ orderId }) => orderId],
  ['side', ({ side }) => side],
  ['price', ({ price }) => price],
  ['quantity', ({ quantity }) => quantity],
  ['total', ({ quoteQuantity }) => quoteQuantity],
  ['fee', ({ fee }) => fee],
  ['fee_asset', ({ feeAsset }) => feeAsset],
  ['role', ({ maker }) => (maker ? 'maker' : 'taker')],
  ['executed_at', ({ outside }) => (outside ? 'binance' : 'own book')],
];
export const auditColumns: Columns<AuditView> = [
  ['time', ({ at }) => csvTime(at)],
  ['id', ({ id }) => id],
  ['admin', ({ adminEmail, adminId }) => adminEmail ?? adminId],
  ['action', ({ action }) => action],
  ['subject', ({ subject }) => subject],
  ['details', ({ details }) => JSON.stringify(details)],
];
