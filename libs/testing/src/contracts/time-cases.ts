import { strict as assert } from 'node:assert';
import type { HrTime, TimeInput } from '@opentelemetry/api';
import type { ContractCase } from './contract.js';
import type { OnTracer } from './tracer-bench.js';

const START: HrTime = [1_700_000_000, 500_000_000];
const msOf = ([seconds, nanos]: HrTime): number => seconds * 1000 + nanos / 1e6;

/** Times of a span, in all forms that the API takes. [trace API, "Timestamp"] */
export const timeCases = (on: OnTracer): readonly ContractCase[] => [
  ...(
    [
      ['an HrTime', START],
      ['ms since the epoch', 1_700_000_000_500],
      ['a Date', new Date(1_700_000_000_500)],
    ] as const
  ).map(([name, time]: readonly [string, TimeInput]) =>
    on(`takes ${name} as start, end and event`, (bench) => {
      const span = bench.start({ startTime: time });
      span.addEvent('event', time).end(time);
      const { startTime, endTime, events, duration } = bench.last();
      assert.deepEqual([startTime, endTime, events[0]?.time], [START, START, START]);
      assert.deepEqual(duration, [0, 0]);
    }),
  ),
  on('takes a reading of performance.now()', (bench) => {
    const before = Date.now();
    const span = bench.start({ startTime: performance.now() });
    span.end(performance.now());
    const { startTime, endTime } = bench.last();
    assert.ok(msOf(startTime) > before - 1000 && msOf(startTime) < Date.now() + 1000);
    assert.ok(msOf(endTime) >= msOf(startTime));
  }),
  on('starts at the time of the system, and ends by the clock that nobody sets', (bench) => {
    const before = Date.now();
    const span = bench.start();
    const between = Date.now();
    span.addEvent('event');
    span.end();
    const { startTime, endTime, duration, events } = bench.last();
    assert.ok(msOf(startTime) >= before && msOf(startTime) <= between);
    const eventTime = events[0]?.time ?? START;
    assert.ok(msOf(eventTime) >= msOf(startTime) && msOf(endTime) >= msOf(eventTime));
    assert.ok(endTime[1] >= 0 && endTime[1] < 1e9 && Number.isInteger(endTime[1]));
    assert.ok(Math.abs(msOf(endTime) - msOf(startTime) - msOf(duration)) < 0.01);
  }),
  on('has a duration across a second', (bench) => {
    bench.start({ startTime: [1_700_000_000, 900_000_000] }).end([1_700_000_002, 100_000_000]);
    assert.deepEqual(bench.last().duration, [1, 200_000_000]);
  }),
  on('does not end before it starts', (bench) => {
    bench.start({ startTime: START }).end([1_699_999_999, 0]);
    const { startTime, endTime, duration } = bench.last();
    assert.deepEqual([startTime, endTime, duration], [START, START, [0, 0]]);
  }),
  on('ends now where only its start was given', (bench) => {
    const before = Date.now();
    bench.start({ startTime: START }).end();
    assert.ok(msOf(bench.last().endTime) >= before);
  }),
  on('takes the time of the system that was read after its start as an end', (bench) => {
    const span = bench.start();
    const now = Date.now();
    span.end(now);
    assert.equal(msOf(bench.last().endTime), now);
  }),
];
