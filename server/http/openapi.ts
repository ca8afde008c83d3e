/** OpenAPI 3.1 from the table of endpoints: the schemas that check requests are the ones described. */
import { z } from 'zod';
import { orderMessage } from '../../domain/contract/api/orders';
import { errorView } from '../../domain/contract/api/common';
import { ENDPOINTS } from '../../domain/contract/api/endpoints';
import type { Endpoint } from '../../domain/contract/api/endpoints';
import { ERRORS } from '../../domain/contract/errors';
import type { ErrorCode } from '../../domain/contract/errors';

type Json = Record<string, unknown>;
export interface OpenApi {
  readonly openapi: string;
  readonly info: Json;
  readonly paths: Record<string, Record<string, Json>>;
  readonly [more: string]: unknown;
}

export function openApi(): OpenApi {
  const paths: Record<string, Record<string, Json>> = {};
  for (const [name, endpoint] of Object.entries(ENDPOINTS)) {
    const path = `/api${endpoint.path.replace(/:([a-z]+)/gi, '{$1}')}`;
    paths[path] = { ...paths[path], [endpoint.method]: operation(name, endpoint) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Javizen',
      version: '1',
      description:
        'Amounts are decimal strings. Every refusal is { error: { code, message, details? } }. Lists are read page by page: send `next` of an answer as `cursor` ' +
        'to go on, `previous` to go back; no row is told twice or left out, however many arrive meanwhile. Orders may be sent over a plain WebSocket too, ' +
        '/order-socket: each message is an OrderMessage, each answer { id, order } or { id, error }, in the order in which they are done. ' +
        'It is opened with the session cookie; at most 64 messages of a socket may wait for their answer, and 8 sockets of a user be open.',
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: { Error: schemaOf(errorView, 'output'), OrderMessage: schemaOf(orderMessage, 'input') },
      securitySchemes: { session: { type: 'apiKey', in: 'cookie', name: 'javizen.sid' } },
    },
  };
}

function operation(name: string, endpoint: Endpoint): Json {
  return {
    operationId: name,
    summary: endpoint.summary,
    tags: [endpoint.path.split('/')[1]],
    'x-access': endpoint.access,
    security: endpoint.access === 'public' ? [] : [{ session: [] }],
    parameters: [...fieldsOf(endpoint.params, 'path'), ...fieldsOf(endpoint.query, 'query'), ...headersOf(endpoint)],
    ...(endpoint.carries !== 'nothing' && { requestBody: bodyOf(endpoint) }),
    responses: { [endpoint.status]: answerOf(endpoint), ...refusalsOf(endpoint) },
  };
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json;
  return rest;
}

function fieldsOf(schema: z.ZodType, place: 'path' | 'query'): Json[] {
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as { properties?: Json; required?: string[] };
  return Object.entries(properties).map(([name, field]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: field,
  }));
}

function headersOf(endpoint: Endpoint): Json[] {
  const header = (name: string, description: string): Json => ({
    name,
    in: 'header',
    required: true,
    description,
    schema: { type: 'string' },
  });
  return [
    ...(endpoint.method !== 'get' && endpoint.access !== 'public'
      ? [header('X-CSRF-Token', 'The csrfToken of GET /api/session.')]
      : []),
    ...(endpoint.idempotent
      ? [header('Idempotency-Key', '8 to 64 characters of A-Z a-z 0-9 _ -; a request sent again keeps its key.')]
      : []),
  ];
}

function bodyOf(endpoint: Endpoint): Json {
  const schema = schemaOf(endpoint.body, 'input');
  if (endpoint.carries.endsWith('json'))
    return { required: endpoint.carries !== 'optional-json', content: { 'application/json': { schema } } };
  const properties = {
    ...(schema.properties as Json),
    document: { type: 'string', contentMediaType: 'application/octet-stream' },
  };
  return { required: true, content: { 'multipart/form-data': { schema: { ...schema, properties } } } };
}

function answerOf({ answers }: Endpoint): Json {
  return answers === 'file'
    ? { description: 'The file', content: { 'application/octet-stream': {} } }
    : { description: 'Done', content: { 'application/json': { schema: schemaOf(answers, 'output') } } };
}

/** What everybody may meet, by access, and what the endpoint itself refuses, by status. */
function refusalsOf(endpoint: Endpoint): Json {
  const common: ErrorCode[] = ['BAD_REQUEST', 'TOO_MANY_REQUESTS', 'INTERNAL'];
  if (endpoint.access !== 'public') common.push('NOT_LOGGED_IN');
  if (endpoint.access === 'confirmed') common.push('EMAIL_NOT_CONFIRMED');
  if (endpoint.access === 'verified' || endpoint.access === 'active')
    common.push('EMAIL_NOT_CONFIRMED', 'KYC_REQUIRED');
  if (endpoint.access === 'active') common.push('ACCOUNT_FROZEN');
  if (endpoint.access === 'admin') common.push('FORBIDDEN', 'SECOND_FACTOR_REQUIRED');
  if (endpoint.method !== 'get') common.push('CSRF');
  if (endpoint.idempotent) common.push('IDEMPOTENCY_KEY_REQUIRED');
  const byStatus: Record<string, ErrorCode[]> = {};
  for (const code of [...common, ...endpoint.refuses]) (byStatus[ERRORS[code].status] ??= []).push(code);
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, codes]) => [
      status,
      {
        description: codes.join(', '),
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    ]),
  );
}
