import { adaptiveLimit } from '../layers/adaptive-limit.js';
import { breaker } from '../layers/breaker.js';
import { observe } from '../layers/observe.js';
import type { Operation } from '../layers/observe.js';
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
import type { Lane, Lanes } from './lane.js';
import type { Destination, SendingOptions } from './pipeline-options.js';
import type { FromRunner, LaneState } from './runner-messages.js';

export interface LanesOptions {
  readonly sending: SendingOptions;
  readonly emit: (message: FromRunner) => void;
  readonly onOperation: (operation: Operation) => void;
}

/**
 * With its jitter below the breaker's pause: the breaker says when to try again, and a probe that met a pool
 * still waiting would fail without having asked the collector.
 */
const RECONNECT_MAX_MS = 750;

interface StatedLane extends Lane {
  state(): LaneState;
}

/** The senders of a pipeline, one stack for each collector. Throws TransportConfigError. */
export function createLanes(options: LanesOptions): Lanes {
  const questions = new HeaderQuestions(options.emit);
  const { destinations } = options.sending;
  const peers = [...new Set(destinations.map(({ peer }) => peer))].map((peer) =>
    destinations.filter((destination) => destination.peer === peer),
  );
  const lanes = peers.map((to) => createLane(to, options, questions));
  const of: Partial<Record<Signal, Lane>> = {};
  for (const [at, to] of peers.entries()) for (const { signal } of to) of[signal] = lanes[at];
  return {
    of,
    states: () => lanes.map((lane) => lane.state()),
    headers: (id, headers) => questions.answer(id, headers),
  };
}

/** Throws TransportConfigError as `createLanes` would, here and now. */
export function checkDestinations(sending: SendingOptions): void {
  const { of } = createLanes({ sending, emit: () => {}, onOperation: () => {} });
  for (const lane of new Set(Object.values(of))) void lane.sender.close();
}

/** The one legal stack. */
function createLane(
  to: readonly Destination[],
  { sending, onOperation, emit }: LanesOptions,
  questions: HeaderQuestions,
): StatedLane {
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
  const circuit = breaker();
  const again = retry({ breaker: circuit });
  const crowd = adaptiveLimit(sending.concurrency);
  const sender = stack(
    [
      // 0. The queue's consumers stand above: their number is the concurrency, so no layer has to queue.
      // 1. observe: outermost, so that a duration is what a batch really took, pauses and refusals included.
      observe({ ended: onOperation }),
      // 2. retry: above the breaker, so that a pause is spent where no attempt counts and no place is held.
      again,
      // 3. breaker: judges each attempt; while it is open an attempt costs nothing and retry waits for it.
      circuit,
      // 4. limit: learns from attempts that were really made, how long the peer took for each.
      crowd,
      // 5. timeout: bounds each attempt, so that what is below may wait for a connection or a dripping reply.
      timeout(Math.max(...to.map(({ timeoutMs }) => timeoutMs))),
      // 6. transport: its pool of connections.
    ],
    transport.sender,
  );
  return {
    sender,
    limit: () => crowd.limit(),
    stopWaiting: () => again.stopWaiting(),
    state: () => ({
      signals: to.map(({ signal }) => signal),
      breaker: circuit.state(),
      limit: crowd.limit(),
      retrying: again.waiting(),
      connections: transport.connections(),
    }),
  };
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
    to.map((destination) => [
      destination.signal,
      createHttpSender({ ...optionsOf(destination), content: 'protobuf', appendPath: false }),
    ]),
  );
  return { sender: bySignal(senders), connections: () => ({}) };
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
