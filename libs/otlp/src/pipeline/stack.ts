import { adaptiveLimit } from '../layers/adaptive-limit.js';
import { breaker } from '../layers/breaker.js';
import type { BreakerState } from '../layers/breaker-circuit.js';
import { splitBatches } from '../layers/batch-splitter.js';
import { HEADERS_TIMEOUT } from '../layers/fault.js';
import { observe } from '../layers/observe.js';
import { reach } from '../layers/reach.js';
import { requestSize } from '../layers/request-size.js';
import { retry } from '../layers/retry.js';
import { stack } from '../send/sender.js';
import { timeout } from '../layers/timeout.js';
import type { Sender } from '../send/sender.js';
import { refusalWords } from '../transport/collector-words.js';
import { createGrpcSender } from '../transport/grpc-sender.js';
import type { HeaderValues } from '../transport/headers.js';
import { createHttpSender } from '../transport/http-sender.js';
import type { HttpSenderOptions } from '../transport/http-sender.js';
import type { SenderOptions, Transport } from '../transport/sender-options.js';
import { split } from '../transport/split.js';
import type { Signal } from '../wire/model.js';
import { HeaderQuestions } from './header-questions.js';
import { asJson } from './json-body.js';
import type { Exporter, Exporters } from './exporter.js';
import { mistakeAt } from './likely-mistake.js';
import { endpointOf } from './pipeline-options.js';
import type { Destination, SendingOptions } from './pipeline-options.js';
import type { FromWorker, ExporterState } from './worker-messages.js';

type Emit = (message: FromWorker) => void;

/**
 * This pause, with its jitter, is below the breaker's: the breaker says when to try again, and a probe that met a pool
 * still waiting would fail without having asked the collector.
 */
const RECONNECT_MAX_MS = 750;

/**
 * The senders of a pipeline, one stack for each collector. `keeps` is asked while an exporter is open: whether what it
 * gives back is kept elsewhere (default: never); `paused` is told when a batch begins to wait for another attempt. Throws TransportConfigError.
 */
export function createExporters(
  sending: SendingOptions,
  emit: Emit,
  keeps: (exporter: Exporter) => boolean = () => false,
  paused: () => void = () => {},
): Exporters {
  const questions = new HeaderQuestions(emit);
  const { destinations } = sending;
  const peers = [...new Set(destinations.map(({ peer }) => peer))].map((peer) =>
    destinations.filter((destination) => destination.peer === peer),
  );
  const all = peers.map((to, at) =>
    createExporter(at, to, sending, emit, questions, { keeps, paused }),
  );
  const of: Partial<Record<Signal, Exporter>> = {};
  for (const [at, to] of peers.entries()) for (const { signal } of to) of[signal] = all[at];
  return {
    of,
    all,
    headers(id, headers) {
      const signal = questions.answer(id, headers);
      if (signal !== undefined && headers !== 'failed') of[signal]?.hasHeaders();
    },
    alone(headers) {
      questions.alone(headers);
      for (const exporter of all) exporter.hasHeaders();
    },
  };
}

/** The one legal stack. */
function createExporter(
  at: number,
  to: readonly Destination[],
  sending: SendingOptions,
  emit: Emit,
  questions: HeaderQuestions,
  { keeps, paused }: { keeps: (exporter: Exporter) => boolean; paused: () => void },
): Exporter {
  const signals = to.map(({ signal }) => signal);
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
    warn: (code, message) => emit({ kind: 'warning', cause: `${code}_${at}`, message }),
  }));
  // 0. The send queue stands above: it takes as many batches as may be in flight, so no layer has to queue.
  // 1. observe: outermost, so that a duration is what a batch really took, pauses and refusals included.
  const observed = observe({
    started({ signal, items }) {
      if (sending.metered) emit({ kind: 'started', exporter: at, signal, items });
    },
    ended: (operation) => emit({ kind: 'ended', exporter: at, operation }),
  });
  const deadlineMs = Math.max(...to.map(({ timeoutMs }) => timeoutMs));
  const size = requestSize({ deadlineMs });
  // 2. splitter: above retry, so that a part that fails is tried again without the others.
  const splitter = splitBatches(
    split,
    () => size.maxBytes(),
    ({ signal }, reason) => {
      const { code, text } = refusalWords(signal, shown(to), reason, 'larger than it takes');
      emit({ kind: 'warning', cause: `${code}_${at}`, message: text });
    },
  );
  // 3. retry: above the breaker, so that a pause is spent where no attempt counts and no place is held.
  // 4. breaker: judges each attempt; while it is open an attempt costs nothing, and retry waits for it.
  const circuit = breaker();
  const known = reach();
  const again = retry({
    breaker: circuit,
    yields: () => keeps(exporter),
    splits: (batch) => splitter.splits(batch),
    isInVain: () => known.hasJustFoundNobody(),
    paused,
  });
  // Said once for each cause and minute: else an outage is silent until its telemetry is given up.
  circuit.onChange((state) => {
    if (state.kind !== 'open') return;
    const { reason } = state;
    const hasAnswered = known.hasAnswered();
    const mistake = to[0] === undefined ? '' : mistakeAt(reason, { ...to[0], hasAnswered });
    const hint = mistake === '' ? '' : ` (${mistake})`;
    const message = `${signals.join(', ')} cannot be sent to ${shown(to)}: ${reason}${hint}; trying again`;
    // The collector's own words, which the transport may have told of the same, say more.
    emit({ kind: 'warning', cause: `${reason}_${at}`, message });
  });
  // 5. limit: learns from attempts that were really made, how long the peer took for each.
  const limit = adaptiveLimit(sending.concurrency);
  // 6. size: learns from the same how much of a request gets through in its time.
  // 7. timeout: bounds each attempt, so that the layers below may wait for a connection or a dripping reply.
  const attempts = [circuit, limit, size, timeout(deadlineMs), known];
  // 8. reach: learns next to the transport whether anybody is there.
  // 9. transport, and its pool of connections.
  function tryNow(): void {
    transport.reconnectNow();
    circuit.probeNow();
    again.wake();
  }
  const exporter: Exporter = {
    signals,
    sender: stack([observed, splitter, again, ...attempts], transport.sender),
    once: stack([observed, splitter, ...attempts], transport.sender),
    limit: () => limit.limit(),
    maxBytes: () => splitter.maxBytes(),
    waiting: () => again.waiting(),
    isOpen: () => circuit.state().kind === 'open',
    begun: () => known.begun(),
    ended: () => known.ended(),
    isNobodyThere: () => known.isNobodyThere(),
    tryNow,
    hasHeaders() {
      if (again.why() === HEADERS_TIMEOUT) tryNow();
    },
    stopWaiting(isKept) {
      function persists(): boolean {
        return known.hasAccepted() && !isKept();
      }
      again.stopWaiting(persists);
      if (persists()) circuit.hurry();
    },
    state: () => {
      const why = again.why();
      return {
        signals,
        breaker: sinceEpoch(circuit.state()),
        limit: limit.limit(),
        retrying: again.waiting(),
        ...(why !== undefined && { why }),
        connections: transport.connections(),
        ...certificateOf(transport),
      };
    },
  };
  return exporter;
}

/** Where it goes, without path and credentials. */
function shown([first]: readonly Destination[]): string {
  const { authority, socketPath } = (first && endpointOf(first)) ?? {};
  return socketPath === undefined ? (authority ?? '') : `unix:${socketPath}`;
}

/** A thread's clock has a beginning of its own; who reads the state may be on another. */
function sinceEpoch(state: BreakerState): BreakerState {
  function unixMs(ms: number): number {
    return Math.round(performance.timeOrigin + ms);
  }
  if (state.kind === 'closed') return state;
  if (state.kind === 'half-open') return { ...state, sinceMs: unixMs(state.sinceMs) };
  return { ...state, sinceMs: unixMs(state.sinceMs), probeAtMs: unixMs(state.probeAtMs) };
}

interface ExporterTransport {
  readonly sender: Sender;
  connections(): ExporterState['connections'];
  /** The next request does not wait for a pause between connections. */
  reconnectNow(): void;
  /** In ms since 1970. */
  certificateExpiresAt(): number | undefined;
}

function certificateOf(transport: ExporterTransport): Pick<ExporterState, 'certificateExpiresAt'> {
  const certificateExpiresAt = transport.certificateExpiresAt();
  return certificateExpiresAt === undefined ? {} : { certificateExpiresAt };
}

/** The transport to one collector, without the layers above. Throws TransportConfigError. */
export function createTransport(
  to: readonly Destination[],
  { pool }: SendingOptions,
  optionsOf: (destination: Destination) => SenderOptions,
): ExporterTransport {
  const [first] = to;
  if (first?.protocol === 'grpc') {
    const { timeoutMs } = first;
    const sender = createGrpcSender({
      ...optionsOf(first),
      timeoutMs,
      pool: { reconnectMaxMs: RECONNECT_MAX_MS, ...pool },
    });
    return {
      sender,
      connections: () => ({ ...sender.pool.stats }),
      reconnectNow: () => sender.pool.reconnectNow(),
      certificateExpiresAt: () => sender.certificateExpiresAt,
    };
  }
  const made = to.map((destination) => ({
    ...destination,
    http: createHttp(destination, { ...optionsOf(destination), connections: pool }),
  }));
  const senders = made.map(
    ({ signal, protocol, http }) =>
      [signal, protocol === 'http/json' ? asJson(http) : http] as const,
  );
  return {
    sender: bySignal(new Map(senders)),
    connections: () => ({}),
    reconnectNow() {},
    // One collector is reached with one certificate.
    certificateExpiresAt: () => made[0]?.http.certificateExpiresAt,
  };
}

function createHttp(
  { protocol, endpoint }: Destination,
  options: SenderOptions & Pick<HttpSenderOptions, 'connections'>,
): Transport {
  // The name of a socket has no place for a path.
  const appendPath = endpoint.startsWith('unix:');
  const content = protocol === 'http/json' ? 'json' : 'protobuf';
  return createHttpSender({ ...options, appendPath, content });
}

/** The paths of one HTTP collector behind one stack. */
function bySignal(senders: ReadonlyMap<Signal, Sender>): Sender {
  return {
    async send(batch, signal, trail) {
      const sender = senders.get(batch.signal);
      return sender === undefined
        ? { kind: 'refused', reason: 'no_destination' }
        : sender.send(batch, signal, trail);
    },
    async close() {
      await Promise.all([...senders.values()].map((sender) => sender.close()));
    },
  };
}
