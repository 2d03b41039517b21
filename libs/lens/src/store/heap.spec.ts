import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { decodeExportRequestJson } from '@nestlens/otlp/wire';
import { defaultAdmissionLimits } from '../admission/limits.js';
import { LensStore } from './store.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const MIB = 1_024 * 1_024;

let number = 0;

/** Decodes 500 spans in traces of 5, so that no string or object is shared. */
function request(text: () => string) {
  const spans = Array.from({ length: 500 }, () => {
    number += 1;
    return {
      traceId: Math.ceil(number / 5)
        .toString(16)
        .padStart(32, '0'),
      spanId: number.toString(16).padStart(16, '0'),
      name: `GET /orders/${number}`,
      startTimeUnixNano: '1795168800000000000',
      endTimeUnixNano: '1795168800000000001',
      attributes: Array.from({ length: 10 }, (_, i) =>
        i % 2 === 0
          ? { key: `http.attribute.${i}`, value: { stringValue: text() + number } }
          : { key: `http.attribute.${i}`, value: { doubleValue: number + 0.5 } },
      ),
    };
  });
  const body = { resourceSpans: [{ scopeSpans: [{ spans }] }] };
  return decodeExportRequestJson('traces', JSON.stringify(body));
}

/** Collects garbage until nothing more is freed: that of earlier specs takes several rounds. */
async function heapBytes(): Promise<number> {
  let last = Number.POSITIVE_INFINITY;
  for (;;) {
    collectGarbage();
    await setImmediate();
    const { heapUsed, external } = process.memoryUsage();
    const bytes = heapUsed + external;
    if (bytes > last - MIB / 8) return bytes;
    last = bytes;
  }
}

function store(maxBytes: number): LensStore {
  return new LensStore({
    maxBytes,
    maxSpansPerTrace: 10_000,
    maxPointsPerSeries: 512,
    limits: defaultAdmissionLimits,
    now: () => 1_000,
  });
}

describe('the bytes of the store', () => {
  it.each([
    ['Latin text', () => 'some value of an attribute '],
    ['other text', () => '一个属性的值'.repeat(20)],
  ])('are 0.9 to 1.7 times the growth of the heap, for %s', async (_case, text) => {
    const kept = store(1_024 * MIB);
    const before = await heapBytes();
    for (let i = 0; i < 60; i += 1) kept.ingest(request(text));
    const grown = (await heapBytes()) - before;
    const ratio = kept.stats().bytes / grown;
    expect(kept.stats().counts.traces.held).toBe(30_000);
    expect(ratio).toBeGreaterThan(0.9);
    expect(ratio).toBeLessThan(1.7);
  });

  it('bound the heap under a flood', async () => {
    const kept = store(32 * MIB);
    const before = await heapBytes();
    for (let i = 0; i < 80; i += 1) kept.ingest(request(() => 'x'.repeat(100)));
    const grown = (await heapBytes()) - before;
    expect(kept.stats().counts.traces.evicted).toBeGreaterThan(20_000);
    expect(kept.stats().bytes).toBeLessThanOrEqual(20 * MIB);
    // The heap also holds the ids of evicted traces, and garbage of the runner.
    expect(grown).toBeLessThan(32 * MIB);
  });
});
