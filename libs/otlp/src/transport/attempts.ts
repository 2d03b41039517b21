import { partial, refused, retry } from '../send/outcome.js';
import type { Outcome } from '../send/outcome.js';
import { systemClock } from '../send/sender.js';
import { beginTrail, mayGoAtOnce, type Trail } from '../send/trail.js';
import type { Batch, Clock } from '../send/sender.js';
import { TransportConfigError } from '../pool/config-error.js';
import type { Warn } from '../pool/config-error.js';
import type { Endpoint } from '../pool/endpoint.js';
import { failureReason } from '../pool/failure.js';
import { TlsFiles, tlsToPlain } from '../pool/tls-files.js';
import { wordsFor } from './collector-words.js';
import { compress } from './encoding.js';
import type { Encoded, Encoding } from './encoding.js';
import { EncodingChoice } from './encoding-choice.js';
import { HeaderSource } from './headers.js';
import type { HeaderValues, Headers } from './headers.js';
import type { SenderOptions } from './sender-options.js';
import { SentSecrets } from './sent-secrets.js';
import { MAX_REQUEST_BYTES } from './split.js';

const HEADERS_FAULTS = {
  headers: 'the function for headers threw, or gave none that can be sent; trying again',
  headers_timeout: 'the function for headers takes too long; its answer is used when it comes',
} as const;
const MAX_RESPONSE_BYTES = 4 * 1024 * 1024;
const MAX_MESSAGE_CHARS = 1024;

/** The result of one attempt. */
export interface Attempted {
  readonly outcome: Outcome;
  /** The peer's text, bounded; empty for none. */
  readonly message: string;
  /**
   * The peer did not process the request. `likely`: the connection was a kept one, which the peer most often closes
   * while it is idle; sending the request again may still duplicate it.
   */
  readonly unprocessed?: 'surely' | 'likely' | undefined;
  /** The connection that carried it, if one connection leads to one server. */
  readonly connection?: object | undefined;
  /** The requested URL, over HTTP. Told when the answer is 404. */
  readonly path?: string;
}

/** One request and its reply, in one protocol. Never rejects. */
type Attempt = (
  batch: Batch,
  encoded: Encoded,
  headers: HeaderValues,
  signal: AbortSignal,
  trail: Trail,
) => Promise<Attempted>;

/** One request of a batch whose headers are known. */
type Send = (encoded: Encoded) => Promise<Attempted>;

/**
 * The steps around a request that both protocols share:
 * 1. refuse a batch that is too large, or when closed or aborted, before anything is spent on it;
 * 2. get the headers, whose tokens may have been renewed since the last attempt;
 * 3. compress, unless the encoding is `identity`;
 * 4. send. Send again at once if the peer did not process the request (once for each batch), or if it refused the
 *    encoding (in each simpler one).
 */
export class Attempts {
  readonly endpoint: Endpoint;
  readonly tls: TlsFiles | undefined;
  readonly clock: Clock;
  readonly warn: Warn;
  readonly maxResponseBytes: number;
  readonly closeTimeoutMs: number;
  readonly #headers: HeaderSource;
  readonly #choice: EncodingChoice;
  readonly #maxRequestBytes: number;
  readonly #secrets = new SentSecrets();
  #closed = false;

  /** Throws TransportConfigError. */
  constructor(endpoint: Endpoint, options: SenderOptions) {
    this.endpoint = endpoint;
    this.clock = options.clock ?? systemClock;
    const { warn = (): void => {} } = options;
    this.warn = (code, text) => warn(code, this.#secrets.mask(text));
    this.maxResponseBytes = options.maxResponseBytes ?? MAX_RESPONSE_BYTES;
    this.closeTimeoutMs = options.closeTimeoutMs ?? 5000;
    this.#maxRequestBytes = Math.min(options.maxRequestBytes ?? Infinity, MAX_REQUEST_BYTES);
    this.tls = tlsOf(endpoint, options, this.clock, this.warn);
    const { authorization } = endpoint;
    const sources: Headers[] = authorization === undefined ? [] : [{ authorization }];
    sources.push(...[options.headers ?? []].flat());
    this.#headers = new HeaderSource(sources, this.clock, options.headersTimeoutMs ?? 1000);
    this.#choice = new EncodingChoice(options.compression ?? 'identity', this.warn);
  }

  /** From now on every batch is refused. */
  close(): void {
    this.#closed = true;
  }

  /** Never rejects. */
  async run(
    batch: Batch,
    signal: AbortSignal,
    trail: Trail | undefined,
    attempt: Attempt,
  ): Promise<Outcome> {
    try {
      return await this.#run(batch, signal, trail ?? beginTrail(), attempt);
    } catch (error) {
      const reason = failureReason(error);
      this.warn('internal', reason);
      return retry('internal');
    }
  }

  async #run(batch: Batch, signal: AbortSignal, trail: Trail, attempt: Attempt): Promise<Outcome> {
    if (this.#closed) return refused('closed');
    if (signal.aborted) return retry('aborted');
    if (batch.bytes > this.#maxRequestBytes) return refused('too_large');
    const headers = await this.#headers.get(signal);
    if (headers.kind === 'failed') {
      trail.unsent = true;
      const { reason } = headers;
      if (reason !== 'aborted') this.warn(reason, HEADERS_FAULTS[reason]);
      return retry(reason);
    }
    this.#secrets.remember(headers.values);
    const send: Send = (encoded) => attempt(batch, encoded, headers.values, signal, trail);
    return this.#inTurn(batch, signal, trail, send);
  }

  /** Sends in the chosen encoding, and in simpler ones while the server refuses those. */
  async #inTurn(batch: Batch, signal: AbortSignal, trail: Trail, send: Send): Promise<Outcome> {
    const picked = this.#choice.pick();
    const refusedIn: Encoding[] = [];
    let encoding = picked;
    for (;;) {
      const attempted = await this.#send(batch, encoding, signal, trail, send);
      const simpler = this.#simpler(encoding, attempted);
      if (simpler === undefined || this.#closed) {
        const outcome = this.#judge(batch, encoding, attempted, refusedIn);
        this.#choice.untold(picked);
        return outcome;
      }
      refusedIn.push(encoding);
      encoding = simpler;
    }
  }

  #simpler(encoding: Encoding, { outcome, message, connection }: Attempted): Encoding | undefined {
    if (outcome.kind !== 'refused' && outcome.kind !== 'retry') return undefined;
    return this.#choice.fallback(encoding, { reason: outcome.reason, message, connection });
  }

  #judge(
    batch: Batch,
    encoding: Encoding,
    { outcome, message, connection, path }: Attempted,
    refusedIn: readonly Encoding[],
  ): Outcome {
    const { kind } = outcome;
    if (kind === 'accepted' || kind === 'partial') {
      this.#choice.took(encoding, refusedIn, connection);
    } else this.#choice.untold(encoding);
    const words = wordsFor(
      batch,
      this.endpoint,
      outcome,
      message.slice(0, MAX_MESSAGE_CHARS),
      path,
    );
    if (words !== undefined) this.warn(words.code, words.text);
    if (outcome.kind !== 'partial') return outcome;
    return partial(outcome.rejected, this.#secrets.mask(outcome.reason));
  }

  async #send(
    batch: Batch,
    encoding: Encoding,
    signal: AbortSignal,
    trail: Trail,
    send: Send,
  ): Promise<Attempted> {
    const encoded = await this.#encode(batch, encoding, signal);
    if (signal.aborted) return { outcome: retry('aborted'), message: '' };
    const first = await send(encoded);
    if (first.unprocessed === undefined || signal.aborted || this.#closed) return first;
    if (!mayGoAtOnce(trail)) return first;
    if (first.unprocessed === 'likely') trail.resent = true;
    return send(encoded);
  }

  async #encode(batch: Batch, encoding: Encoding, signal: AbortSignal): Promise<Encoded> {
    const { chunks, bytes } = batch;
    if (encoding === 'identity') return { encoding, chunks, bytes };
    try {
      return await compress(chunks, encoding, signal);
    } catch (error) {
      this.warn('compression', `sent without compression: ${failureReason(error)}`);
      return { encoding: 'identity', chunks, bytes };
    }
  }
}

function tlsOf(
  endpoint: Endpoint,
  { tls }: SenderOptions,
  clock: Clock,
  warn: Warn,
): TlsFiles | undefined {
  if (tls === undefined) return undefined;
  if (endpoint.tls) return new TlsFiles(tls, clock, warn);
  throw new TransportConfigError('tls', `tls: ${tlsToPlain(`http://${endpoint.authority}`)}`);
}
