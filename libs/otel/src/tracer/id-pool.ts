import { randomFillSync } from 'node:crypto';
import { startupSnapshot } from 'node:v8';
import type { TraceState } from '@opentelemetry/api';
import { SpanIdentity, TraceId } from '@nestlens/otlp';

/** 4 KiB: IDs of 170 traces, or of 512 spans. */
const WORDS = 1024;
const TRACE_WORDS = 4;
const SPAN_WORDS = 2;

const words = new Int32Array(WORDS);
/** The next word that was not used yet. Each thread and process has a pool of its own, filled by itself. */
let at = WORDS;

/** Random words from the operating system's generator, a block at a time: one by one each would take a microsecond. */
const take = (count: number): number => {
  if (at + count > WORDS) {
    randomFillSync(words);
    at = 0;
  }
  at += count;
  return at - count;
};

// A snapshot is started many times, and each process needs words of its own.
if (startupSnapshot.isBuildingSnapshot()) {
  startupSnapshot.addSerializeCallback(() => {
    at = WORDS;
  });
}

/** All 128 bits are random. An ID of zeros is invalid. */
export const randomTraceId = (): TraceId => {
  const from = take(TRACE_WORDS);
  const [first, second, third] = [words[from]!, words[from + 1]!, words[from + 2]!];
  const fourth = words[from + 3]!;
  return TraceId.ofWords(
    first,
    second,
    third,
    (first | second | third | fourth) === 0 ? 1 : fourth,
  );
};

/** A span of that trace, with a random ID. */
export const newIdentity = (
  trace: TraceId,
  flags: number,
  hiddenFlags: number,
  traceState: TraceState | undefined,
): SpanIdentity => {
  const from = take(SPAN_WORDS);
  const [high, low] = [words[from]!, words[from + 1]!];
  return SpanIdentity.ofWords(
    trace,
    high,
    (high | low) === 0 ? 1 : low,
    flags,
    hiddenFlags,
    traceState,
  );
};
