import type { Faults } from './faults';

const HUGE = 10_000_000;

/**
 * What is told, as the faults of answers leave it. `call`: `GET /api/v3/order`, `order.place`, `event
 * executionReport`, `stream depthUpdate`.
 */
export function spoil(faults: Faults, call: string, text: string): string {
  let told = text;
  if (/"(status|X)":"[A-Z_]+"/.test(told) && faults.fires('unknown-status', call))
    told = told.replaceAll(/"(status|X)":"[A-Z_]+"/g, '"$1":"NEW_STATUS_X"');
  if (/"(executedQty|l|qty)":"/.test(told) && faults.fires('odd-numbers', call)) told = oddly(faults, told);
  if (told.startsWith('{') && faults.fires('unknown-fields', call))
    told = `{"futureField":{"list":[1,"two",null]},"zz":"new",${told.slice(1)}`;
  if (told.startsWith('{') && faults.fires('huge-body', call))
    told = `{"padding":"${'x'.repeat(HUGE)}",${told.slice(1)}`;
  if (faults.fires('malformed-json', call)) told = told.slice(0, Math.floor(told.length / 2));
  return told;
}

function oddly(faults: Faults, text: string): string {
  const kind = Math.floor(faults.random('odd-numbers') * 3);
  if (kind === 0) return text.replaceAll(/"(executedQty|l|qty)":"[^"]*"/g, '"$1":"NaN"');
  if (kind === 1) return text.replaceAll(/"(executedQty|l|qty)":"/g, '"$1":"-');
  return text.replaceAll(/"(orderId|i|id|t)":\d+/g, '"$1":9007199254740993');
}
