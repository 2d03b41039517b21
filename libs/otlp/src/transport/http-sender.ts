import type { OutgoingHttpHeaders } from 'node:http';
import { parseEndpoint } from '../pool/endpoint.js';
import { resolvePoolOptions } from '../pool/pool-options.js';
import type { PoolOptions } from '../pool/pool-options.js';
import { refused, refusedForSize, retry } from '../send/outcome.js';
import type { Batch } from '../send/sender.js';
import type { Trail } from '../send/trail.js';
import { decodeExportResponse, decodeExportResponseJson } from '../wire/export-response.js';
import type { ExportResponse } from '../wire/export-response.js';
import type { Signal } from '../wire/model.js';
import { Attempts } from './attempts.js';
import type { Attempted } from './attempts.js';
import { decompress } from './encoding.js';
import type { Encoded } from './encoding.js';
import { messageIn } from './error-body.js';
import type { HeaderValues } from './headers.js';
import { HttpConnections } from './http-connections.js';
import { exchange } from './http-exchange.js';
import type { HttpReply } from './http-exchange.js';
import { parseProxy, proxyOf } from './proxy.js';
import type { SenderOptions, Transport } from './sender-options.js';
import { Turns } from './turns.js';
import { USER_AGENT } from './user-agent.js';
import { asksForTls, exportVerdict, httpVerdict, tellsSize } from './verdict.js';

export interface HttpSenderOptions extends SenderOptions {
  /** The content type of the chunks of a batch, which together are one request. */
  readonly content: 'protobuf' | 'json';
  /** Appends `/v1/<signal>` to the endpoint's path; false for an endpoint of one signal. Default true. */
  readonly appendPath?: boolean;
  /** URL of a proxy, reached by CONNECT; false for none. Default: `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`. */
  readonly proxy?: string | false;
  /** The most connections, and so the most requests in flight. Default 32. */
  readonly maxSockets?: number;
  readonly connections?: Pick<PoolOptions, 'connectTimeoutMs' | 'maxAgeMs' | 'lookup' | 'random'>;
}

const DEFAULT_MAX_SOCKETS = 32;

/**
 * OTLP/HTTP over keep-alive HTTP/1.1 connections. Redirects are refused: requests carry credentials, and an endpoint
 * that moved should be seen and corrected. Throws TransportConfigError.
 */
export function createHttpSender(options: HttpSenderOptions): Transport {
  const attempts = new Attempts(parseEndpoint(options.endpoint), options);
  const { endpoint, tls, clock, warn, maxResponseBytes, closeTimeoutMs } = attempts;
  const { connectTimeoutMs, maxAgeMs, lookup, random } = resolvePoolOptions(
    options.connections ?? {},
  );
  const maxSockets = options.maxSockets ?? DEFAULT_MAX_SOCKETS;
  const turns = new Turns(maxSockets);
  const agent = new HttpConnections({
    endpoint,
    tls,
    proxy: proxyFor(options),
    lookup,
    clock,
    connectTimeoutMs,
    maxAgeMs,
    random,
    maxSockets,
  });
  const contentType = options.content === 'json' ? 'application/json' : 'application/x-protobuf';
  const inFlight = new Set<Promise<unknown>>();
  let closed: Promise<void> | undefined;

  function proxyFor({ proxy }: HttpSenderOptions): ReturnType<typeof proxyOf> {
    if (proxy === false) return undefined;
    return proxy === undefined ? proxyOf(endpoint, process.env) : parseProxy(proxy);
  }

  function pathOf(signal: Signal): string {
    return (options.appendPath === false ? endpoint.path : `${endpoint.path}/v1/${signal}`) || '/';
  }

  async function attempt(
    batch: Batch,
    body: Encoded,
    values: HeaderValues,
    signal: AbortSignal,
    trail: Trail,
  ): Promise<Attempted> {
    agent.followTls();
    const headers: OutgoingHttpHeaders = {
      'user-agent': USER_AGENT,
      ...values,
      connection: 'keep-alive',
      'content-type': contentType,
      ...(body.encoding !== 'identity' && { 'content-encoding': body.encoding }),
    };
    const path = pathOf(batch.signal);
    const what = { agent, endpoint, path, headers, body, maxReplyBytes: maxResponseBytes };
    // The agent's own limit does not count connections that are still being made.
    if (!(await turns.take(signal))) {
      trail.unsent = true;
      return said(retry('aborted'));
    }
    const reply = await exchange(what, signal).finally(() => turns.give());
    if (reply.kind !== 'reply' && !reply.sent) trail.unsent = true;
    if (reply.kind === 'aborted' && reply.sent) agent.dropIdle();
    return judge(reply, batch);
  }

  async function judge(reply: HttpReply, batch: Batch): Promise<Attempted> {
    if (reply.kind === 'aborted') return said(retry('aborted'));
    if (reply.kind === 'broken') {
      const unprocessed = reply.stale ? 'likely' : undefined;
      return { outcome: retry(reply.reason), message: '', unprocessed };
    }
    const { status, headers } = reply;
    options.onReply?.(headers);
    const outcome = httpVerdict(status, headers['retry-after']);
    if (outcome.kind !== 'accepted') {
      const message = messageIn(reply.body, headers['content-type'] ?? '');
      if (!endpoint.tls && asksForTls(status, message)) return said(retry('tls_expected'));
      if (status === 400 && tellsSize(message)) return said(refusedForSize('400'));
      return { outcome, message, path: pathOf(batch.signal) };
    }
    if (reply.body === undefined) return said(refused('response_too_large'));
    const encoding = headers['content-encoding'] ?? '';
    const plain = await decompress(reply.body, encoding, maxResponseBytes);
    if (plain.kind === 'too_large') return said(refused('response_too_large'));
    const bytes = plain.kind === 'complete' ? plain.bytes : undefined;
    const response = responseIn(bytes, headers['content-type'] ?? '', batch.signal);
    return { outcome: exportVerdict(response, batch.items), message: response.message };
  }

  /** An unreadable response counts as an empty one: the status said that the batch is accepted. */
  function responseIn(bytes: Uint8Array | undefined, type: string, signal: Signal): ExportResponse {
    const empty: ExportResponse = { rejected: 0, message: '' };
    if (bytes?.length === 0) return empty;
    try {
      if (bytes !== undefined && type.startsWith('application/json')) {
        return decodeExportResponseJson(signal, Buffer.from(bytes).toString());
      }
      if (bytes !== undefined && type.startsWith('application/x-protobuf')) {
        return decodeExportResponse(bytes);
      }
    } catch {
      // The warning follows below.
    }
    warn('unreadable_response', 'the batch is accepted, the response cannot be read');
    return empty;
  }

  async function shut(): Promise<void> {
    attempts.close();
    let stopTimer: (() => void) | undefined;
    const deadline = new Promise<void>((resolve) => {
      stopTimer = clock.after(closeTimeoutMs, resolve);
    });
    await Promise.race([Promise.all(inFlight), deadline]);
    stopTimer?.();
    agent.destroy();
    await Promise.all(inFlight);
  }

  return {
    get certificateExpiresAt() {
      return tls?.expiresAt;
    },
    send(batch, signal, trail) {
      const sent = attempts.run(batch, signal, trail, attempt);
      inFlight.add(sent);
      return sent.finally(() => inFlight.delete(sent));
    },
    close: () => (closed ??= shut()),
  };
}

function said(outcome: Attempted['outcome']): Attempted {
  return { outcome, message: '' };
}
