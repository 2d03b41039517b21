import { accepted, partial, refused, retry } from '../send/outcome.js';
import type { Outcome } from '../send/outcome.js';
import { isBalanced } from './fixtures/balanced.js';
import { createLedger } from './ledger.js';
import type { SignalLedger } from './ledger.js';
import { settle } from './settle.js';

function settled(outcome: Outcome, possibleDuplicate = false): [boolean, SignalLedger] {
  const ledger = createLedger();
  ledger.writer('main').created('logs', 10);
  const done = settle(ledger.writer('worker'), {
    signal: 'logs',
    items: 10,
    possibleDuplicate,
    outcome,
  });
  expect(isBalanced(ledger.snapshot())).toBe(true);
  return [done, ledger.snapshot().logs];
}

describe('settle', () => {
  it.each([
    [accepted, 10, 0],
    [refused('INVALID_ARGUMENT'), 0, 10],
    [partial(3, 'too old'), 7, 3],
    [partial(0, 'be warned'), 10, 0],
    [partial(11, 'more than were sent'), 0, 10],
    [partial(-1, 'fewer than none'), 10, 0],
    [partial(Number.NaN, 'no number'), 10, 0],
  ])('counts %p as accepted %d, rejected %d', (outcome, taken, rejected) => {
    const [done, counts] = settled(outcome);
    expect(done).toBe(true);
    expect(counts).toMatchObject({ accepted: taken, rejected, queued: 0, dropped: {} });
  });

  it.each([
    ['closed', 'already_shutdown'],
    ['too_large', 'too_large'],
  ])('counts items as dropped if this side refused them: %s', (reason, dropped) => {
    const [, counts] = settled(refused(reason));
    expect(counts).toMatchObject({ rejected: 0, dropped: { [dropped]: 10 }, queued: 0 });
  });

  it('leaves items that may be sent again to the caller', () => {
    const [done, counts] = settled(retry('UNAVAILABLE'));
    expect(done).toBe(false);
    expect(counts.queued).toBe(10);
  });

  it('counts possible duplicates outside the balance', () => {
    expect(settled(accepted, true)[1]).toMatchObject({ accepted: 10, possibleDuplicates: 10 });
  });
});
