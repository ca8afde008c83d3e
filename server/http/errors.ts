/** The one place where an error becomes an answer. */
import type { ErrorRequestHandler, RequestHandler } from 'express';
import multer from 'multer';
import type { ErrorView } from '../../domain/contract/api/common';
import { DomainError, ERRORS } from '../../domain/contract/errors';
import type { ErrorCode } from '../../domain/contract/errors';
import type { Logger } from '../../domain/contract/ports';

/** How libraries name what went wrong with a request, in our words. */
const LIBRARY_ERRORS: Record<string, ErrorCode> = {
  'entity.too.large': 'TOO_LARGE',
  'entity.parse.failed': 'BAD_REQUEST',
  'encoding.unsupported': 'BAD_REQUEST',
  'charset.unsupported': 'BAD_REQUEST',
  'request.aborted': 'BAD_REQUEST',
  'request.size.invalid': 'BAD_REQUEST',
  LIMIT_FILE_SIZE: 'BAD_DOCUMENT',
};

/** Any thrown thing as a refusal; undefined when it is a fault of ours. */
export function refusalOf(error: unknown): DomainError | undefined {
  if (error instanceof DomainError) return error;
  const { type, code, status } = (error ?? {}) as { type?: string; code?: string; status?: number };
  const known =
    LIBRARY_ERRORS[type ?? ''] ??
    (error instanceof multer.MulterError ? (LIBRARY_ERRORS[code ?? ''] ?? 'BAD_REQUEST') : undefined);
  if (known) return new DomainError(known);
  return status !== undefined && status >= 400 && status < 500 ? new DomainError('BAD_REQUEST') : undefined;
}

export function errorView(error: DomainError): ErrorView {
  const { code, details } = error;
  return { error: { code, message: ERRORS[code].message, ...(details && { details }) } };
}

export function errorHandler(logger: Logger): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    const refusal = refusalOf(error);
    if (!refusal) {
      logger.error(
        {
          event: 'http.request_failed',
          method: req.method,
          path: req.path,
          error: error instanceof Error ? error.stack : String(error),
        },
        'a request failed',
      );
    }
    if (res.headersSent) {
      next(error);
      return;
    }
    const answer = refusal ?? new DomainError('INTERNAL');
    res.set('Cache-Control', 'no-store').status(ERRORS[answer.code].status).json(errorView(answer));
  };
}

export const unknownRoute: RequestHandler = () => {
  throw new DomainError('NOT_FOUND');
};
