import {
  accepted,
  partial,
  refused,
  refusedForSize,
  retry,
  retryInParts,
} from '../send/outcome.js';
import type { Outcome } from '../send/outcome.js';
import type { Batch } from '../send/sender.js';
import { beginTrail, type Trail } from '../send/trail.js';
import { splitBatches } from './batch-splitter.js';
import type { BatchSplitter } from './batch-splitter.js';
import { never } from './fixtures/scripted-sender.js';
import { LEAST_BYTES } from './request-size.js';

/** The minimum: smaller batches are not split. */
const BYTES = LEAST_BYTES;

function batchOf(chunks: number): Batch {
  return {
    signal: 'traces',
    items: chunks * 10,
    bytes: chunks * BYTES,
    chunks: Array.from({ length: chunks }, () => new Uint8Array(BYTES)),
  };
}

/** Splits a batch between its chunks, into parts of at most `maxBytes`. */
function split(batch: Batch, maxBytes: number): readonly Batch[] {
  const perPart = Math.max(1, Math.floor(maxBytes / BYTES));
  const parts: Batch[] = [];
  for (let left = batch.chunks.length; left > 0; left -= perPart) {
    parts.push(batchOf(Math.min(perPart, left)));
  }
  return parts.length < 2 ? [batch] : parts;
}

describe('splitBatches', () => {
  let layer: BatchSplitter;
  let sent: number[];
  let answer: (batch: Batch, index: number) => Outcome;

  function send(batch: Batch, trail = beginTrail()): Promise<Outcome> {
    return layer({
      send: (part, _signal, partTrail?: Trail) => {
        sent.push(part.bytes / BYTES);
        partTrail!.attempts = (partTrail!.attempts ?? 0) + 1;
        return Promise.resolve(answer(part, sent.length - 1));
      },
      close: () => Promise.resolve(),
    }).send(batch, never(), trail);
  }
  function upTo(chunks: number): (batch: Batch) => Outcome {
    return ({ bytes }) => (bytes <= chunks * BYTES ? accepted : refusedForSize('413'));
  }

  beforeEach(() => {
    layer = splitBatches(split);
    sent = [];
  });

  it.each([accepted, partial(1, 'bad'), refused('400'), retry('503')])(
    'passes %p on',
    async (outcome) => {
      answer = () => outcome;
      expect(await send(batchOf(4))).toEqual(outcome);
      expect(sent).toEqual([4]);
      expect(layer.maxBytes()).toBe(Infinity);
    },
  );

  it('splits a batch that is rejected for its size into halves, repeatedly, and keeps the size as its limit', async () => {
    answer = upTo(1);
    expect(await send(batchOf(4))).toEqual(accepted);
    expect(sent).toEqual([4, 2, 1, 1, 1, 1]);
    expect(layer.maxBytes()).toBe(BYTES);
  });

  it('counts an item as rejected if it is too large even alone', async () => {
    answer = (batch, index) => (index === 2 ? refusedForSize('413') : upTo(1)(batch));
    expect(await send(batchOf(2))).toEqual(partial(10, '413'));
    expect(sent).toEqual([2, 1, 1]);
    answer = () => refusedForSize('413');
    expect(await send(batchOf(1))).toEqual(refusedForSize('413'));
  });

  it('adds up the outcomes of the parts', async () => {
    const outcomes = [refusedForSize('413'), partial(3, 'three'), refused('400')];
    answer = (_batch, index) => outcomes[index] ?? accepted;
    expect(await send(batchOf(2))).toEqual(partial(13, '400'));
  });

  it('answers retry as soon as a part does, and notes that the peer has a part', async () => {
    const outcomes = [refusedForSize('413'), accepted, retry('timeout')];
    answer = (_batch, index) => outcomes[index] ?? accepted;
    const trail = beginTrail();
    expect(await send(batchOf(2), trail)).toEqual(retry('timeout'));
    expect(trail).toMatchObject({ attempts: 3, resent: true });
  });

  describe('for batches that are too large for the deadline', () => {
    let passes: number;

    beforeEach(() => {
      passes = Infinity;
      layer = splitBatches(split, () => passes);
    });

    it('sends a batch in smaller parts after a timeout', async () => {
      answer = (batch) => {
        passes = 2 * BYTES;
        return batch.bytes > passes ? retryInParts('timeout') : accepted;
      };
      expect(layer.splits(batchOf(5))).toBe(false);
      const trail = beginTrail();
      expect(await send(batchOf(5), trail)).toEqual(accepted);
      expect(sent).toEqual([5, 2, 2, 1]);
      expect(trail).toMatchObject({ attempts: 4 });
      expect(layer.maxBytes()).toBe(2 * BYTES);
      expect(layer.splits(batchOf(5))).toBe(true);
      expect(layer.splits(batchOf(2))).toBe(false);
    });

    it('splits a batch before the first attempt if the limit is known', async () => {
      answer = () => accepted;
      passes = 2 * BYTES;
      const trail = beginTrail();
      expect(await send(batchOf(5), trail)).toEqual(accepted);
      expect(sent).toEqual([2, 2, 1]);
      expect(trail).toMatchObject({ attempts: 3, resent: false });
    });

    it('sends larger parts as soon as the limit rises', async () => {
      answer = () => {
        passes *= 2;
        return accepted;
      };
      passes = BYTES;
      expect(await send(batchOf(8))).toEqual(accepted);
      expect(sent).toEqual([1, 2, 4, 1]);
    });

    it('splits a part again', async () => {
      passes = 4 * BYTES;
      answer = (batch) => {
        passes = BYTES;
        return batch.bytes > passes ? retryInParts('timeout') : accepted;
      };
      expect(await send(batchOf(5))).toEqual(accepted);
      expect(sent).toEqual([4, 1, 1, 1, 1, 1]);
    });

    it('answers retry for a batch that cannot be split', async () => {
      passes = BYTES / 2;
      answer = () => retryInParts('timeout');
      expect(await send(batchOf(1))).toEqual(retry('timeout'));
      expect(sent).toEqual([1]);
    });
  });
});
