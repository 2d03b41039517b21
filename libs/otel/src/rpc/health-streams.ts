import { aside } from '../context/contexts.js';
import { SERVICE_UNKNOWN } from './health-messages.js';
import type { HealthQuestion } from './health-questions.js';
import { statusOf } from './health-questions.js';
import { UNAVAILABLE } from './status-code.js';

/** The part of grpc-js's `ServerWritableStream` that is used here. */
export interface HealthStreamCall {
  readonly cancelled: boolean;
  on(event: 'cancelled' | 'drain', listener: () => void): unknown;
  emit(event: 'error', error: { readonly code: number; readonly details: string }): unknown;
  write(status: number): boolean;
}

/** One call of Watch. */
interface Stream {
  readonly call: HealthStreamCall;
  /** Undefined for a name that nobody serves, which stays open as the protocol has it. */
  readonly question: HealthQuestion | undefined;
  sent: number | undefined;
  /** What a slow reader gets once it has read: the newest status, never a queue of old ones. */
  kept: number | undefined;
  blocked: boolean;
  round: number;
}

/**
 * The open calls of Watch. Each gets a status when it begins, and again when that changes. The indicators have no event,
 * so they are asked by a timer while there is a stream.
 */
export class HealthStreams {
  readonly #streams = new Set<Stream>();
  readonly #everyMs: number;
  #timer: NodeJS.Timeout | undefined;
  #asks = false;
  #round = 0;
  #ended = false;

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  watch(call: HealthStreamCall, question: HealthQuestion | undefined): void {
    if (call.cancelled) return;
    if (this.#ended) {
      end(call);
      return;
    }
    const stream: Stream = {
      call,
      question,
      sent: undefined,
      kept: undefined,
      blocked: false,
      round: 0,
    };
    this.#streams.add(stream);
    call.on('cancelled', () => this.#leave(stream));
    call.on('drain', () => {
      stream.blocked = false;
      if (stream.kept !== undefined) send(stream, stream.kept);
    });
    if (question === undefined) send(stream, SERVICE_UNKNOWN);
    else void this.#ask([stream]);
    // The timer belongs to no call.
    this.#timer ??= aside(() => setInterval(() => void this.#askAgain(), this.#everyMs).unref());
  }

  /** Asks for all streams. Resolves when each change is on its way. */
  refresh(): Promise<void> {
    return this.#ask(this.#streams);
  }

  /** Ends all streams, and each later one. Safe to call twice. */
  end(): void {
    this.#ended = true;
    for (const { call } of this.#streams) end(call);
    this.#streams.clear();
    this.#rest();
  }

  /** One at a time: a check may take longer than the gap between two rounds. */
  async #askAgain(): Promise<void> {
    if (this.#asks) return;
    this.#asks = true;
    await this.refresh();
    this.#asks = false;
  }

  async #ask(streams: Iterable<Stream>): Promise<void> {
    this.#round += 1;
    const round = this.#round;
    const asked = new Map<HealthQuestion, Promise<number>>();
    const told: Promise<void>[] = [];
    for (const stream of streams) {
      const { question } = stream;
      if (question === undefined) continue;
      const answer = asked.get(question) ?? statusOf(question);
      asked.set(question, answer);
      told.push(answer.then((status) => this.#tell(stream, status, round)));
    }
    await Promise.all(told);
  }

  /** A round that began later knows better: the one before may have waited for a slow check. */
  #tell(stream: Stream, status: number, round: number): void {
    if (round < stream.round || !this.#streams.has(stream)) return;
    stream.round = round;
    send(stream, status);
  }

  #leave(stream: Stream): void {
    this.#streams.delete(stream);
    if (this.#streams.size === 0) this.#rest();
  }

  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

const send = (stream: Stream, status: number): void => {
  stream.kept = stream.blocked ? status : undefined;
  if (stream.blocked || stream.sent === status) return;
  stream.sent = status;
  stream.blocked = !stream.call.write(status);
};

/** UNAVAILABLE makes clients watch another instance. */
const end = (call: HealthStreamCall): void => {
  call.emit('error', { code: UNAVAILABLE, details: 'The server shuts down' });
};
