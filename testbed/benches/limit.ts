/**
 * The limit that the orders are measured against: a bare HTTP server of Node that parses the same orders and answers as
 * much, and does nothing else. What it reaches is what this machine, its Node and the load allow at all.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Of the size of a real answer. */
const REST = {
  executedQty: '0',
  paid: '0',
  timeInForce: 'GTC',
  createdAt: 0,
  updatedAt: 0,
  fills: [],
  working: true,
  notes: ''.padEnd(200, '.'),
};
let orders = 0;

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => void parts.push(part));
  request.on('end', () => {
    const order = JSON.parse(Buffer.concat(parts).toString('utf8')) as object;
    const body = JSON.stringify({ id: String(++orders), status: 'NEW', ...order, ...REST });
    response
      .writeHead(201, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
      .end(body);
  });
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit(0));
