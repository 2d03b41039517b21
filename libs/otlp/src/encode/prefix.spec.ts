import { diag } from '@opentelemetry/api';
import { detectResources } from '@opentelemetry/resources';
import { DEFAULT_ENCODE_LIMITS } from './limits.js';
import { createWriters } from './writers.js';

describe('the encoded resource while a detector runs', () => {
  const told: unknown[][] = [];

  beforeEach(() => {
    told.length = 0;
    function tell(...parts: unknown[]): void {
      void told.push(parts);
    }
    diag.setLogger({ error: tell, warn: tell, info: tell, debug: tell, verbose: tell });
  });

  afterEach(() => diag.disable());

  it('has the known attributes without a log line, and all attributes afterwards', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const detector = { detect: () => ({ attributes: { known: 'at once', pending: promise } }) };
    const resource = detectResources({ detectors: [detector] });
    const { prefixes } = createWriters(DEFAULT_ENCODE_LIMITS);
    function text(): string {
      return Buffer.from(prefixes.resource(resource)).toString('latin1');
    }

    expect(text()).toContain('at once');
    expect(text()).not.toContain('pending');
    expect(told).toEqual([]);
    resolve('later');
    await resource.waitForAsyncAttributes?.();
    expect(text()).toContain('later');
  });
});
