import { defaultAdmissionLimits, type AdmissionLimits } from '../admission/limits.js';
import { isLoopback } from '../api/guard.js';
import { LensError } from './lens-error.js';

/** Options of a lens, all optional. A wrong one stops `createLens` with a message that lists every fault. */
export interface LensOptions {
  /** The address of all three ports. Default `127.0.0.1`. Loopback only: 127.0.0.0/8, `::1`, `localhost`. */
  readonly host?: string;
  /** Port of OTLP over gRPC. Default 4317; 0: any free port. */
  readonly grpcPort?: number;
  /** Port of OTLP over HTTP. Default 4318; 0: any free port. */
  readonly httpPort?: number;
  /** Port of the JSON API. Default 4319; 0: any free port. */
  readonly apiPort?: number;
  /** Bytes of memory for all items, as estimated for each. Default 256 MiB, at least 8 MiB. */
  readonly maxBytes?: number;
  /**
   * Spans of one trace. Further spans are left out and counted. Default 10,000. A trace also holds at most 1/8 of the
   * bytes for traces.
   */
  readonly maxSpansPerTrace?: number;
  /** Points kept for each metric series, the latest ones. Default 512. */
  readonly maxPointsPerSeries?: number;
  /** Limits of one item. */
  readonly limits?: Partial<AdmissionLimits>;
  /** Start even if `NODE_ENV` is `production`. Default false. */
  readonly allowProduction?: boolean;
  /** Called with faults after start, which never stop the lens. Must not throw. Default: not called. */
  readonly onError?: (error: unknown) => void;
  /** Returns milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number;
}

export type ResolvedLensOptions = Readonly<
  Required<Omit<LensOptions, 'limits'>> & { limits: AdmissionLimits }
>;

const MIB = 1_024 * 1_024;

const defaults: ResolvedLensOptions = Object.freeze({
  host: '127.0.0.1',
  grpcPort: 4317,
  httpPort: 4318,
  apiPort: 4319,
  maxBytes: 256 * MIB,
  maxSpansPerTrace: 10_000,
  maxPointsPerSeries: 512,
  limits: defaultAdmissionLimits,
  allowProduction: false,
  onError: () => undefined,
  now: Date.now,
});

const numbers: readonly [key: keyof LensOptions, min: number, max: number][] = [
  ['grpcPort', 0, 65_535],
  ['httpPort', 0, 65_535],
  ['apiPort', 0, 65_535],
  ['maxBytes', 8 * MIB, 64 * 1_024 * MIB],
  ['maxSpansPerTrace', 1, 1_000_000],
  ['maxPointsPerSeries', 1, 10_000],
];

const limitNumbers: readonly [key: keyof AdmissionLimits, min: number, max: number][] = [
  ['maxNameLength', 16, 65_536],
  ['maxAttributes', 1, 65_536],
  // The receiver itself refuses requests that are nested deeper than 64.
  ['maxDepth', 1, 64],
  ['maxItemBytes', 4_096, 16 * MIB],
];

/** Checks, completes and freezes the options. Of `env` only `NODE_ENV` is read. */
export function resolveLensOptions(
  options: LensOptions,
  env: NodeJS.ProcessEnv = process.env,
): ResolvedLensOptions {
  const resolved = { ...defaults, ...withoutUndefined(options) } as ResolvedLensOptions;
  const limits = { ...defaultAdmissionLimits, ...withoutUndefined(options.limits ?? {}) };
  const faults = [
    ...unknownKeys('', options, defaults),
    ...unknownKeys('limits.', options.limits ?? {}, defaultAdmissionLimits),
    ...wrongNumbers('', resolved, numbers),
    ...wrongNumbers('limits.', limits, limitNumbers),
    ...wrongHost(resolved.host),
    ...samePorts(resolved),
    ...inProduction(resolved, env),
    ...wrongTypes(resolved),
  ];
  if (faults.length > 0) {
    throw new LensError('lens_options', `The lens cannot be made:\n- ${faults.join('\n- ')}`);
  }
  return Object.freeze({ ...resolved, limits: Object.freeze(limits) });
}

function wrongHost(host: unknown): string[] {
  if (typeof host === 'string' && isLoopback(host)) return [];
  return [
    `host is ${shown(host)}: the lens has no login, so it listens on loopback only; write 127.0.0.1, ::1 or localhost`,
  ];
}

function samePorts({ grpcPort, httpPort, apiPort }: ResolvedLensOptions): string[] {
  const ports = [grpcPort, httpPort, apiPort].filter((port) => port !== 0);
  if (new Set(ports).size === ports.length) return [];
  return [
    `grpcPort ${grpcPort}, httpPort ${httpPort} and apiPort ${apiPort} must differ; write 0 for any free port`,
  ];
}

function inProduction({ allowProduction }: ResolvedLensOptions, env: NodeJS.ProcessEnv): string[] {
  if (allowProduction || env['NODE_ENV'] !== 'production') return [];
  return [
    'NODE_ENV is production: the lens is a tool for development; write allowProduction: true to run it all the same',
  ];
}

function wrongTypes({ onError, now, allowProduction }: ResolvedLensOptions): string[] {
  const faults: string[] = [];
  if (typeof onError !== 'function') faults.push('onError must be a function');
  if (typeof now !== 'function') faults.push('now must be a function');
  if (typeof allowProduction !== 'boolean') faults.push('allowProduction must be true or false');
  return faults;
}

function unknownKeys(prefix: string, given: object, known: object): string[] {
  return Object.keys(given)
    .filter((key) => !Object.hasOwn(known, key))
    .map((key) => `${prefix}${key} is no option; write one of ${Object.keys(known).join(', ')}`);
}

function wrongNumbers<T extends object>(
  prefix: string,
  given: T,
  rules: readonly [key: keyof T, min: number, max: number][],
): string[] {
  return rules.flatMap(([key, min, max]) => {
    const value: unknown = given[key];
    if (Number.isInteger(value) && Number(value) >= min && Number(value) <= max) return [];
    return [
      `${prefix}${String(key)} is ${shown(value)}; write a whole number from ${min} to ${max}`,
    ];
  });
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : String(value);
}

function withoutUndefined<T extends object>(given: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}
