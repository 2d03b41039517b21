import { Catch, HttpException, Logger } from '@nestjs/common';
import type { ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { GrpcStatus } from '@nestjs/microservices';

/** The HTTP status for a peer's gRPC status. Any other is 500. */
const HTTP_STATUS: Partial<Record<GrpcStatus, number>> = {
  [GrpcStatus.INVALID_ARGUMENT]: 400,
  [GrpcStatus.OUT_OF_RANGE]: 400,
  [GrpcStatus.UNAUTHENTICATED]: 401,
  // In this shop only a bank denies anything: payment required.
  [GrpcStatus.PERMISSION_DENIED]: 402,
  [GrpcStatus.NOT_FOUND]: 404,
  [GrpcStatus.ALREADY_EXISTS]: 409,
  [GrpcStatus.ABORTED]: 409,
  [GrpcStatus.FAILED_PRECONDITION]: 409,
  [GrpcStatus.RESOURCE_EXHAUSTED]: 429,
  [GrpcStatus.UNIMPLEMENTED]: 501,
  [GrpcStatus.UNAVAILABLE]: 503,
  [GrpcStatus.DEADLINE_EXCEEDED]: 504,
};

interface PeerError extends Error {
  code: GrpcStatus;
  details: string;
}

/** Answers a failed gRPC call with the matching HTTP status. Other exceptions go to Nest's own filter. */
@Catch()
export class RpcErrorFilter extends BaseExceptionFilter {
  private readonly logger = new Logger(RpcErrorFilter.name);

  override catch(exception: unknown, host: ArgumentsHost): void {
    // oxlint-disable-next-line promise/valid-params -- a filter's catch, not a promise's
    super.catch(isPeerError(exception) ? this.toHttp(exception) : exception, host);
  }

  private toHttp(error: PeerError): HttpException {
    const status = HTTP_STATUS[error.code] ?? 500;
    if (status < 500) {
      return new HttpException(error.details, status, { cause: error });
    }
    // The caller learns that the fault is not theirs; the log has the reason.
    this.logger.error(`A peer answered ${GrpcStatus[error.code]}: ${error.details}`, error.stack);
    return new HttpException('The shop cannot answer this right now', status, { cause: error });
  }
}

function isPeerError(exception: unknown): exception is PeerError {
  const { code, details } = (exception ?? {}) as Partial<PeerError>;
  return typeof code === 'number' && typeof details === 'string';
}
