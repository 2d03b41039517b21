// As Sentry's documentation has it: `node --import ./instrument.mjs`.
import * as Sentry from '@sentry/node';

Sentry.init({
  dsn: `http://key@127.0.0.1:${process.env.BENCH_SINK_PORT}/1`,
  tracesSampleRate: Number(process.env.BENCH_RATIO),
});

Object.assign(globalThis, {
  [Symbol.for('nestlens.bench.flush')]: () => Sentry.flush(10_000),
});
