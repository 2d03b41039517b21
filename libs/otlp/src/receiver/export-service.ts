import { decodeExportRequest } from '../wire/export-request.js';
import { gunzipBounded } from './body.js';
import { decodeExportRequestJson } from '../wire/json-export-request.js';
import type { ExportRequest, Signal } from '../wire/model.js';
import type { ExportReply } from './receiver-options.js';
import { HeldBytes, inflateCap } from './receiver-limits.js';
import type { OtlpReceiverOptions, ReceiverLimits, Transport } from './receiver-options.js';
import {
  DEADLINE_EXCEEDED,
  INTERNAL,
  INVALID_ARGUMENT,
  RESOURCE_EXHAUSTED,
  UNAVAILABLE,
} from '../wire/status-codes.js';
import { WireError } from '../wire/wire-error.js';

export type Refusal = Extract<ExportReply, { readonly kind: 'refused' }>;

/** One complete request body, as received. */
interface Delivery {
  readonly signal: Signal;
  readonly transport: Transport;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
  readonly gzip: boolean;
}

/** The answer to a request that arrives when memory is short. */
const RETRY_AFTER_MS = 1000;

export const TOO_LARGE: Refusal = {
  kind: 'refused',
  code: RESOURCE_EXHAUSTED,
  httpStatus: 413,
  message: 'request body too large',
};
export const OVERLOADED: Refusal = {
  kind: 'refused',
  code: UNAVAILABLE,
  httpStatus: 503,
  message: 'receiver holds too many requests',
  retryAfterMs: RETRY_AFTER_MS,
};
export const TOO_SLOW: Refusal = {
  kind: 'refused',
  code: DEADLINE_EXCEEDED,
  httpStatus: 408,
  message: 'request body took too long',
};

export function malformed(message: string): Refusal {
  return { kind: 'refused', code: INVALID_ARGUMENT, httpStatus: 400, message };
}

/** The part that both ports share: from a complete body to the reply, with the counts. */
export class ExportService {
  readonly limits: ReceiverLimits;
  readonly held: HeldBytes;
  readonly counts = {
    receivedBytes: 0,
    accepted: 0,
    partial: 0,
    refused: 0,
    rejected: 0,
    failed: 0,
  };
  readonly #options: OtlpReceiverOptions;

  constructor(options: OtlpReceiverOptions, limits: ReceiverLimits) {
    this.#options = options;
    this.limits = limits;
    this.held = new HeldBytes(limits.maxHeldBytes);
  }

  /** Counts a refusal of the receiver itself, and returns it. */
  reject(refusal: Refusal): Refusal {
    this.counts.rejected++;
    return refusal;
  }

  /** Never rejects. Releases the bytes of the body. */
  async answer(delivery: Delivery): Promise<ExportReply> {
    this.counts.receivedBytes += delivery.body.length;
    let inflated = 0;
    try {
      // 1. Decompress first: limits apply to the real size of the message.
      let message = delivery.body;
      if (delivery.gzip && message.length > 0) {
        const cap = inflateCap(message.length, this.limits);
        const result = await gunzipBounded(message, cap, this.limits.bodyTimeoutMs, this.held);
        if (result.kind === 'too_large') return this.reject(TOO_LARGE);
        if (result.kind === 'overloaded') return this.reject(OVERLOADED);
        if (result.kind === 'too_slow') return this.reject(TOO_SLOW);
        if (result.kind === 'aborted') return this.reject(malformed('body is not gzip'));
        message = result.bytes;
        inflated = message.length;
      }
      // 2. Decode: a malformed message will be malformed at every retry.
      const decoded = this.#decode(delivery, message);
      if ('kind' in decoded) return this.reject(decoded);
      // 3. Only then call the handler.
      return await this.#ask(delivery, decoded, message);
    } finally {
      this.held.give(delivery.body.length + inflated);
    }
  }

  #decode({ signal, transport }: Delivery, message: Buffer): ExportRequest | Refusal {
    try {
      if (transport !== 'http/json') return decodeExportRequest(signal, message, this.limits);
      return decodeExportRequestJson(signal, textOf(message), this.limits);
    } catch (error) {
      if (!(error instanceof WireError)) {
        this.#options.onError?.(error);
        return malformed('request cannot be read');
      }
      return error.code === 'too_many'
        ? { ...TOO_LARGE, message: error.message }
        : malformed(error.message);
    }
  }

  async #ask(delivery: Delivery, request: ExportRequest, raw: Buffer): Promise<ExportReply> {
    const { transport, headers, body } = delivery;
    try {
      const received = { request, transport, headers, bytes: body.length, raw };
      const reply = await this.#options.onExport(received);
      if (reply.kind === 'accepted') this.counts.accepted++;
      else if (reply.kind === 'partial') this.counts.partial++;
      else if (reply.kind === 'refused') this.counts.refused++;
      return reply;
    } catch (error) {
      this.counts.failed++;
      this.#options.onError?.(error);
      return { kind: 'refused', code: INTERNAL, httpStatus: 500, message: 'internal error' };
    }
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Empty input is an empty request, as in protobuf. */
function textOf(message: Buffer): string {
  if (message.length === 0) return '{}';
  try {
    return UTF8.decode(message);
  } catch {
    throw new WireError('json_syntax', 'not UTF-8', '');
  }
}
