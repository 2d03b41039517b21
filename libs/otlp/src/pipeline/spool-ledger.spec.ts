import { isBalanced } from '../ledger/fixtures/balanced.js';
import { createLedger } from '../ledger/ledger.js';
import type { SpoolEvent } from '../spool/spool.js';
import { noItems } from '../send/item-counts.js';
import { SpoolLedger } from './spool-ledger.js';

function traces(count: number) {
  return { ...noItems(), traces: count };
}
function found(count: number, inherited: boolean): SpoolEvent {
  return {
    kind: 'adopted',
    items: traces(count),
    path: '/spool',
    inherited,
  };
}

describe('the ledger of a spool', () => {
  /** The ledger after a worker spooled `spooled` of 10 items and ended. */
  function bench(spooled: number) {
    const ledger = createLedger();
    const main = ledger.writer('main');
    const writer = ledger.writer('worker');
    main.created('traces', 10);
    writer.spooled('traces', spooled);
    const counts = new SpoolLedger(writer, traces(spooled));
    return { ledger, writer, counts, traces: () => ledger.snapshot().traces };
  }

  it('does not count items twice that an earlier worker spooled', () => {
    const { counts, traces: now } = bench(10);
    counts.hear(found(6, true));
    counts.hear(found(4, true));
    counts.hear({ kind: 'searched', path: '/spool' });
    expect(now()).toMatchObject({ spooled: 10, restored: 0, queued: 0, dropped: {} });
  });

  it('counts items of other processes as restored', () => {
    const { counts, traces: now } = bench(10);
    counts.hear(found(5, false));
    expect(now()).toMatchObject({ spooled: 15, restored: 5, queued: 0, possibleDuplicates: 0 });
  });

  it('counts items as restored and as possible duplicates if the earlier worker had sent them unknown to the disk', () => {
    const { writer, traces: now, ledger } = bench(10);
    writer.unspooled('traces', 4);
    writer.accepted('traces', 4);
    new SpoolLedger(writer, traces(6)).hear(found(10, true));
    expect(now()).toMatchObject({ accepted: 4, spooled: 10, restored: 4, possibleDuplicates: 4 });
    expect(isBalanced(ledger.snapshot())).toBe(true);
    expect(now().queued).toBe(0);
  });

  it('counts items as dropped that are missing after the search', () => {
    const { counts, traces: now } = bench(10);
    counts.hear(found(7, true));
    expect(now().dropped).toEqual({});
    counts.hear({ kind: 'searched', path: '/spool' });
    counts.hear({ kind: 'searched', path: '/spool' });
    expect(now()).toMatchObject({ spooled: 7, queued: 0, dropped: { worker_lost: 3 } });
  });

  it('counts items that are sent again as possible duplicates, outside the balance', () => {
    const { counts, traces: now } = bench(10);
    counts.hear({ kind: 'repeated', items: traces(4), path: '/spool' });
    expect(now()).toMatchObject({ spooled: 10, possibleDuplicates: 4, queued: 0, dropped: {} });
  });
});
