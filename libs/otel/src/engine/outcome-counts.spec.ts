import { ExportResultCode } from '@opentelemetry/core';
import type { ExportResult } from '@opentelemetry/core';
import { OutcomeCounts } from './outcome-counts.js';

const SUCCESS: ExportResult = { code: ExportResultCode.SUCCESS };
const failure = (code: number | string): ExportResult => ({
  code: ExportResultCode.FAILED,
  error: Object.assign(new Error('no'), { code }),
});

const settle = (counts: OutcomeCounts, count: number, result: ExportResult): void => {
  counts.track(
    count,
    (done) => done(result),
    () => {},
  );
};

describe('OutcomeCounts', () => {
  it('knows for every item whether it is queued, accepted, rejected or dropped', () => {
    const counts = new OutcomeCounts();
    counts.created(10);
    expect(counts.status()).toMatchObject({ queued: 10, last: { outcome: 'none' } });
    settle(counts, 4, SUCCESS);
    counts.dropped('queue_full', 1);
    settle(counts, 2, failure(3));
    settle(counts, 2, failure(14));
    expect(counts.status()).toMatchObject({
      accepted: 4,
      rejected: 2,
      dropped: { queue_full: 1, export_failed: 2 },
      queued: 1,
      last: { outcome: 'failed', reason: 'UNAVAILABLE' },
    });
  });

  it('settles an export once if it throws, or if it answers twice', async () => {
    const counts = new OutcomeCounts();
    counts.created(5);
    const results: ExportResult[] = [];
    const hear = (result: ExportResult): void => void results.push(result);
    counts.track(
      2,
      () => {
        throw new RangeError('circular');
      },
      hear,
    );
    counts.track(3, (done) => [SUCCESS, failure(3)].forEach(done), hear);
    await counts.settled();
    expect(results.map(({ code }) => code)).toEqual([1, 0]);
    expect(counts.status()).toMatchObject({
      accepted: 3,
      rejected: 0,
      dropped: { export_failed: 2 },
      queued: 0,
    });
  });

  it.each<[number | string, 'rejected' | 'dropped', string]>([
    [3, 'rejected', 'INVALID_ARGUMENT'],
    [16, 'rejected', 'UNAUTHENTICATED'],
    [14, 'dropped', 'UNAVAILABLE'],
    [8, 'dropped', 'RESOURCE_EXHAUSTED'],
    [77, 'dropped', 'UNKNOWN'],
    [400, 'rejected', '400'],
    [429, 'dropped', '429'],
    [503, 'dropped', '503'],
    ['ECONNREFUSED', 'dropped', 'ECONNREFUSED'],
  ])('counts an export that failed with %s as %s', (code, kind, reason) => {
    const counts = new OutcomeCounts();
    counts.created(1);
    settle(counts, 1, failure(code));
    const status = counts.status();
    expect(status.rejected).toBe(kind === 'rejected' ? 1 : 0);
    expect(status.dropped).toEqual(kind === 'dropped' ? { export_failed: 1 } : {});
    expect(status.last).toMatchObject({ outcome: 'failed', reason });
  });

  it('waits for the exports in flight', async () => {
    const counts = new OutcomeCounts();
    const seen: string[] = [];
    let finish: (result: ExportResult) => void = () => {};
    counts.created(1);
    counts.track(
      1,
      (done) => (finish = done),
      () => seen.push('told'),
    );
    const settled = counts.settled().then(() => seen.push('settled'));
    finish(SUCCESS);
    await settled;
    expect(seen).toEqual(['told', 'settled']);
    expect(counts.status()).toMatchObject({ accepted: 1, queued: 0 });
  });
});
