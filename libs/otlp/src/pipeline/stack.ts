import { adaptiveLimit } from '../layers/adaptive-limit.js';
import { breaker } from '../layers/breaker.js';
import type { BreakerState } from '../layers/breaker-circuit.js';
import { observe } from '../layers/observe.js';
import { retry } from '../layers/retry.js';
import { stack } from '../layers/stack.js';
import { timeout } from '../layers/timeout.js';
import type { Sender } from '../send/sender.js';
import { createGrpcSender } from '../transport/grpc-sender.js';
import type { HeaderValues } from '../transport/headers.js';
import { createHttpSender } from '../transport/http-sender.js';
import type { SenderOptions } from '../transport/sender-options.js';
import type { Signal } from '../wire/model.js';
import { HeaderQuestions } from './header-questions.js';
import { asJson } from './json-body.js';
import type { Lane, Lanes } from './lane.js';
import type { Destination, SendingOptions } from './pipeline-options.js';
import type { FromRunner, LaneState } from './runner-messages.js';

type Emit = (message: FromRunner) => void;

/**
 * With its jitter below the breaker's pause: the breaker says when to try again, and a probe that met a pool
 * still waiting would fail without having asked the collector.
 */
const RECONNECT_MAX_MS = 750;

/** The senders of a pipeline, one stack for each collector. Throws TransportConfigError. */
export function createLanes(sending: SendingOptions, emit: Emit): Lanes {
  const questions = new HeaderQuestions(emit);
  const { destinations } = sending;
  const peers = [...new Set(destinations.map(({ peer }) => peer))].map((peer) =>
    destinations.filter((destination) => destination.peer === peer),
  );
  const all = peers.map((to, at) => createLane(at, to, sending, emit, questions));
  const of: Partial<Record<Signal, Lane>> = {};
  for (const [at, to] of peers.entries()) for (const { signal } of to) of[signal] = all[at];
  return { of, all, headers: (id, headers) => questions.answer(id, headers) };
}

/** Throws TransportConfigError as `createLanes` would, here and now. */
export function checkDestinations(sending: SendingOptions): void {
  for (const { sender } of createLanes(sending, () => {}).all) void sender.close();
}

/** The one legal stack. */
function createLane(
  at: number,
  to: readonly Destination[],
  sending: SendingOptions,
  emit: Emit,
  questions: HeaderQuestions,
): Lane {
  const transport = createTransport(to, sending, (destination) => ({
    endpoint: destination.endpoint,
    headers: [
      ...destination.headers,
      ...(destination.asksHeaders
        ? [(): Promise<HeaderValues> => questions.ask(destination.signal)]
        : []),
    ],
    ...(destination.tls && { tls: destination.tls }),
    compression: destination.compression,
    warn: (cause, message) => emit({ kind: 'warning', cause, message }),
  }));
  // 0. The queue's consumers stand above: their number is the concurrency, so no layer has to queue.
  // 1. observe: outermost, so that a duration is what a batch really took, pauses and refusals included.
  const observed = observe({
    started({ signal, items }) {
      if (sending.metered) emit({ kind: 'started', lane: at, signal, items });
    },
    ended: (operation) => emit({ kind: 'ended', lane: at, operation }),
  });
  // 2. retry: above the breaker, so that a pause is spent where no attempt counts and no place is held.
  // 3. breaker: judges each attempt; while it is open an attempt costs nothing, and retry waits for it.
  const circuit = breaker();
  const again = retry({ breaker: circuit });
  // 4. limit: learns from attempts that were really made, how long the peer took for each.
  const crowd = adaptiveLimit(sending.concurrency);
  // 5. timeout: bounds each attempt, so that what is below may wait for a connection or a dripping reply.
  const bounded = timeout(Math.max(...to.map(({ timeoutMs }) => timeoutMs)));
  // 6. transport, and its pool of connections.
  return {
    sender: stack([observed, again, circuit, crowd, bounded], transport.sender),
    once: stack([observed, circuit, crowd, bounded], transport.sender),
    limit: () => crowd.limit(),
    isOpen: () => circuit.state().kind === 'open',
    stopWaiting: () => again.stopWaiting(),
    state: () => ({
      signals: to.map(({ signal }) => signal),
      breaker: sinceEpoch(circuit.state()),
      limit: crowd.limit(),
      retrying: again.waiting(),
      connections: transport.connections(),
    }),
  };
}

/** A thread's clock has a beginning of its own; who reads the state may be on another. */
function sinceEpoch(state: BreakerState): BreakerState {
  const unixMs = (ms: number): number => Math.round(performance.timeOrigin + ms);
  if (state.kind === 'closed') return state;
  if (state.kind === 'half-open') return { ...state, sinceMs: unixMs(state.sinceMs) };
  return { ...state, sinceMs: unixMs(state.sinceMs), probeAtMs: unixMs(state.probeAtMs) };
}

interface Transport {
  readonly sender: Sender;
  connections(): LaneState['connections'];
}

function createTransport(
  to: readonly Destination[],
  { pool }: SendingOptions,
  optionsOf: (destination: Destination) => SenderOptions,
): Transport {
  const [first] = to;
  if (first?.protocol === 'grpc') {
    const { timeoutMs } = first;
    const sender = createGrpcSender({
      ...optionsOf(first),
      timeoutMs,
      pool: { reconnectMaxMs: RECONNECT_MAX_MS, ...pool },
    });
    return { sender, connections: () => ({ ...sender.pool.stats }) };
  }
  const senders = new Map(
    to.map((destination) => [destination.signal, createHttp(destination, optionsOf(destination))]),
  );
  return { sender: bySignal(senders), connections: () => ({}) };
}

function createHttp({ protocol }: Destination, options: SenderOptions): Sender {
  // A socket's name has no room for a path of HTTP.
  const http = { ...options, appendPath: options.endpoint.startsWith('unix:') };
  if (protocol === 'http/protobuf') return createHttpSender({ ...http, content: 'protobuf' });
  return asJson(createHttpSender({ ...http, content: 'json' }));
}

/** The paths of one HTTP collector behind one stack. */
const bySignal = (senders: ReadonlyMap<Signal, Sender>): Sender => ({
  async send(batch, signal) {
    const sender = senders.get(batch.signal);
    return sender === undefined
      ? { kind: 'refused', reason: 'no_destination' }
      : sender.send(batch, signal);
  },
  async close() {
    await Promise.all([...senders.values()].map((sender) => sender.close()));
  },
});
