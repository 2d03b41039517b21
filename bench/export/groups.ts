import type { Compression, SubjectName } from './subjects.ts';
import type { TrialKind } from './trial.ts';

export interface Variant {
  readonly name: string;
  readonly subject: SubjectName;
  readonly compression: Compression;
}

/** Trials that alternate. The first variant is the reference, and is measured before and after each round. */
export interface Group {
  readonly name: string;
  readonly kind: TrialKind;
  readonly roundTripMs: number;
  /** Flags of the trial's process. */
  readonly flags: readonly string[];
  readonly variants: readonly Variant[];
}

/** One row of the table: `measure` of `variant` in `group`, compared with `atMost` or `atLeast`. */
export interface Figure {
  readonly name: string;
  readonly group: string;
  readonly variant: string;
  readonly measure: string;
  readonly unit: string;
  /**
   * The bound applies to the ratio to the reference, or to the value itself. Undefined: the figure is printed
   * without a verdict.
   */
  readonly must?: {
    readonly of: 'ratio' | 'value';
    readonly atMost?: number;
    readonly atLeast?: number;
  };
}

const variant = (
  name: string,
  subject: SubjectName,
  compression: Compression = 'identity',
): Variant => ({ name, subject, compression });

const official = variant('official', 'official');
const ours = variant('ours', 'ours');

const group = (name: string, kind: TrialKind, given: Partial<Group> = {}): Group => ({
  name,
  kind,
  roundTripMs: 0,
  flags: [],
  variants: [official, ours],
  ...given,
});

/**
 * Sets the young generation to `size` MiB. It then holds all that a sample, or a second of probing, allocates.
 */
export const youngOf = (size: number): readonly string[] => [
  `--min-semi-space-size=${size}`,
  `--max-semi-space-size=${size}`,
];

export const groups: readonly Group[] = [
  group('ready', 'ready'),
  group('stock', 'stock', { variants: [official, ours, variant('own', 'own')] }),
  group('compressed', 'ready', {
    variants: [
      variant('official', 'official', 'gzip'),
      variant('gzip', 'ours', 'gzip'),
      variant('zstd', 'ours', 'zstd'),
    ],
  }),
  group('rtt-0', 'rate'),
  group('rtt-50', 'rate', { roundTripMs: 50 }),
  group('rtt-100', 'rate', { roundTripMs: 100 }),
  group('stall', 'stall', {
    flags: youngOf(64),
    variants: [official, ours, variant('none', 'noop')],
  }),
  group('heap', 'allocation', {
    flags: ['--expose-gc', ...youngOf(128)],
    variants: [variant('inline', 'inline'), ours],
  }),
  group('memory', 'memory', { flags: ['--expose-gc'], variants: [ours] }),
];

export const figures: readonly Figure[] = [
  {
    name: 'CPU per span, ready to acknowledged, all threads',
    group: 'ready',
    variant: 'ours',
    measure: 'allUs',
    unit: 'us',
    must: { of: 'ratio', atMost: 0.3 },
  },
  {
    name: 'the same on the main thread',
    group: 'ready',
    variant: 'ours',
    measure: 'mainUs',
    unit: 'us',
    must: { of: 'ratio', atMost: 0.15 },
  },
  {
    name: 'create + end + export, main thread, stock tracer',
    group: 'stock',
    variant: 'ours',
    measure: 'mainUs',
    unit: 'us',
    must: { of: 'ratio', atMost: 0.5 },
  },
  {
    name: 'create + end + export, main thread, own tracer',
    group: 'stock',
    variant: 'own',
    measure: 'mainUs',
    unit: 'us',
    must: { of: 'ratio', atMost: 0.25 },
  },
  {
    name: 'CPU per span, gzip, all threads (official: gzip)',
    group: 'compressed',
    variant: 'gzip',
    measure: 'allUs',
    unit: 'us',
    must: { of: 'ratio', atMost: 0.5 },
  },
  {
    name: 'CPU per span, zstd, all threads (official: gzip)',
    group: 'compressed',
    variant: 'zstd',
    measure: 'allUs',
    unit: 'us',
    must: { of: 'ratio', atMost: 0.3 },
  },
  ...(
    [
      [0, 2],
      [50, 15],
      [100, 30],
    ] as const
  ).map(([roundTripMs, atLeast]): Figure => ({
    name: `accepted, none dropped, round trip ${roundTripMs} ms`,
    group: `rtt-${roundTripMs}`,
    variant: 'ours',
    measure: 'perSecond',
    unit: '/s',
    must: { of: 'ratio', atLeast },
  })),
  {
    name: 'longest main-thread stall at 50,000 spans/s',
    group: 'stall',
    variant: 'ours',
    measure: 'stallMs',
    unit: 'ms',
    must: { of: 'value', atMost: 0.2 },
  },
  {
    name: 'the same with a processor that does nothing',
    group: 'stall',
    variant: 'none',
    measure: 'stallMs',
    unit: 'ms',
  },
  {
    name: 'heap allocated per ready span, all on one thread',
    group: 'heap',
    variant: 'inline',
    measure: 'heapBytes',
    unit: 'B',
    must: { of: 'value', atMost: 64 },
  },
  {
    name: 'the same on the main thread, with the worker',
    group: 'heap',
    variant: 'ours',
    measure: 'heapBytes',
    unit: 'B',
  },
  {
    name: 'RSS added by worker and slabs, idle',
    group: 'memory',
    variant: 'ours',
    measure: 'idleMiB',
    unit: 'MiB',
    must: { of: 'value', atMost: 25 },
  },
  {
    name: 'RSS added by worker and slabs, full',
    group: 'memory',
    variant: 'ours',
    measure: 'fullMiB',
    unit: 'MiB',
    must: { of: 'value', atMost: 60 },
  },
];
