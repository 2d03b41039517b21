import { accepted, retry } from '../send/outcome.js';
import { batch, drain, idOf } from './fixtures/batches.js';
import { FakeDisk } from './fixtures/fake-disk.js';
import { ManualClock } from '../send/fixtures/manual-clock.js';
import { endOwners, imbalance } from './fixtures/open.js';
import { below, seeded } from './fixtures/random.js';
import { nodeDisk } from './disk.js';
import { openSpool } from './open-spool.js';
import type { Spool, SpooledRecord } from './spool.js';

const ROOT = '/spool';
/** The number of seeds. A longer run may set more than fit into a run of all specs. */
const SEEDS = Number(process.env['SPOOL_CRASH_SEEDS'] ?? 4);

interface Life {
  readonly tried: Set<number>;
  /**
   * `spooled`: records whose append was confirmed. `durable`: those that were confirmed as durable, or fsynced later.
   */
  readonly spooled: Set<number>;
  readonly durable: Set<number>;
  readonly acknowledged: Set<number>;
  /** Acknowledged records whose acknowledgement is on the disk. */
  readonly settled: Set<number>;
}

function newLife(): Life {
  return {
    tried: new Set(),
    spooled: new Set(),
    durable: new Set(),
    acknowledged: new Set(),
    settled: new Set(),
  };
}

async function open(disk: FakeDisk, clock: ManualClock, always: boolean): Promise<Spool> {
  const opened = await openSpool({
    directory: ROOT,
    segmentBytes: 1024,
    fsyncIntervalMs: always ? 'always' : 500,
    clock,
    disk,
    wallClock: () => 1.8e12,
  });
  if (opened.kind === 'unusable') throw new Error(opened.message);
  return opened.spool;
}

/** Runs random operations. One that the crash interrupts counts as tried. */
async function live(
  spool: Spool,
  life: Life,
  clock: ManualClock,
  disk: FakeDisk,
  steps = 80,
): Promise<void> {
  const { random } = disk;
  const held: SpooledRecord[] = [];
  // Only records of this process. Its fsync covers no records of an earlier process that it has not found yet.
  const spooled: number[] = [];
  const acknowledged = new Set<number>();
  const taken = new Set<number>();
  let id = life.tried.size;
  async function append(size: number): Promise<void> {
    id += 1;
    const mine = id;
    life.tried.add(mine);
    const appended = await spool.append(batch(mine, size));
    if (appended.kind !== 'spooled' || disk.stopped) return;
    life.spooled.add(mine);
    spooled.push(mine);
    if (appended.durable) life.durable.add(mine);
  }
  function settle(outcome: typeof accepted): void {
    const [record] = held.splice(below(random, held.length), 1);
    if (record === undefined) return;
    // Noted before the call, since a crash within the call may come after the acknowledgement.
    if (outcome.kind === 'accepted') {
      life.acknowledged.add(idOf(record));
      acknowledged.add(idOf(record));
    }
    spool.acknowledge(record, outcome);
  }
  const actions = [
    () => append(10 + below(random, 300)),
    () => Promise.all([append(50), append(600), append(2000)]),
    () => append(40),
    async () => {
      const record = await spool.take();
      if (record === undefined) return;
      held.push(record);
      taken.add(idOf(record));
    },
    () => settle(accepted),
    () => settle(accepted),
    () => settle(retry('UNAVAILABLE')),
    () => clock.advance(600),
    () => clock.advance(11_000),
    async () => {
      // The cursor stops at the first record that is leased or came back. Later ones may be sent again.
      const order = [...taken];
      const first = order.findIndex((one) => !acknowledged.has(one));
      const [durable, settled] = [[...spooled], order.slice(0, first === -1 ? undefined : first)];
      if (!(await spool.fsync())) return;
      for (const one of durable) life.durable.add(one);
      for (const one of settled) life.settled.add(one);
    },
  ];
  for (let step = 0; step < steps && !disk.stopped; step += 1) {
    const action = actions[below(random, actions.length)];
    await Promise.resolve(action?.());
  }
}

/** The ids of all records that a later process sends, as soon as it may take them over. */
async function afterlife(disk: FakeDisk, clock: ManualClock): Promise<number[]> {
  const spool = await open(disk, clock, false);
  const ids = await drain(spool);
  // A lock that lost its text in the power failure is watched for a minute before it is taken over.
  await clock.advance(90_000);
  ids.push(...(await drain(spool)));
  expect(imbalance(spool)).toEqual([0, 0, 0]);
  expect(await spool.fsync()).toBe(true);
  await spool.close();
  expect(disk.openFiles).toBe(0);
  expect(disk.paths.filter((path) => path.startsWith(`${ROOT}/`))).toEqual([]);
  return ids;
}

function check(served: readonly number[], life: Life, power: boolean): void {
  const twice = served.filter((id, index) => served.indexOf(id) !== index);
  const promised = [...(power ? life.durable : life.spooled)];
  const missing = promised.filter((id) => !life.acknowledged.has(id) && !served.includes(id));
  const unknown = served.filter((id) => !life.tried.has(id));
  const again = served.filter((id) => life.settled.has(id));
  expect({ twice, missing, unknown, again }).toEqual(NOTHING_WRONG);
}

const NOTHING_WRONG = { twice: [], missing: [], unknown: [], again: [] };

/** A disk with the spool of an earlier process that was killed. */
async function inherited(seed: number, clock: ManualClock, life: Life): Promise<FakeDisk> {
  const disk = new FakeDisk(seeded(seed));
  const spool = await open(disk, clock, false);
  await live(spool, life, clock, disk, 20);
  disk.stopped = true;
  await spool.close();
  const left = disk.afterCrash(false);
  endOwners(left);
  return left;
}

/** Runs one process that ends at its `stopAt`-th call of the disk. Returns whether it made that many calls. */
async function oneCrash(
  seed: number,
  stopAt: number,
  power: boolean,
  stopped: (call: string) => void,
): Promise<boolean> {
  const clock = new ManualClock(2);
  const always = seed % 2 === 0;
  const life = newLife();
  let disk = await inherited(seed, clock, life);
  const first = disk;
  first.fate = (call) => {
    if (first.calls !== stopAt) return 'passes';
    stopped(call);
    return 'stops';
  };
  const spool = await open(disk, clock, always).catch(() => undefined);
  if (spool !== undefined) await live(spool, life, clock, disk);
  // The spool is closed empty, or with all remaining records.
  if (spool !== undefined && seed % 4 > 1) {
    for (const id of await drain(spool)) life.acknowledged.add(id);
  }
  await spool?.close();
  const reached = disk.stopped;
  disk.stopped = true;
  // In half of all runs the next process ends too, while it opens the spool or soon after.
  let again = below(disk.random, 2) === 0;
  for (;;) {
    disk = disk.afterCrash(power);
    endOwners(disk);
    if (!again) break;
    again = false;
    const dying = disk;
    const at = 1 + below(dying.random, 60);
    dying.fate = () => (dying.calls === at ? 'stops' : 'passes');
    const second = await open(dying, clock, always).catch(() => undefined);
    if (second !== undefined) await live(second, life, clock, dying);
    dying.stopped = true;
    await second?.close();
  }
  check(await afterlife(disk, clock), life, power);
  return reached;
}

describe.each([
  ['the process is killed', false],
  ['the power fails', true],
])('a spool whose disk stops at any call because %s', (_, power) => {
  const stoppedAt = new Set<string>();
  function stopped(call: string): unknown {
    return stoppedAt.add(call);
  }

  it.each(Array.from({ length: SEEDS }, (_seed, index) => index + 1))(
    'loses no confirmed record, and opens again (seed %d)',
    async (seed) => {
      let stopAt = 1;
      while (await oneCrash(seed, stopAt, power, stopped)) stopAt += 1;
      expect(stopAt).toBeGreaterThan(80);
    },
    120_000 * SEEDS,
  );

  it('was stopped in every call that a spool makes on a healthy disk', () => {
    // A spool truncates only on a failing disk.
    const calls = Object.keys(nodeDisk).filter((call) => call !== 'truncate');
    expect([...stoppedAt].toSorted()).toEqual([...calls, 'openToRead'].toSorted());
  });
});
