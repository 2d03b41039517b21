import { ratiosTo, spreadOf } from '../figures/statistics.ts';
import type { Spread } from '../figures/statistics.ts';
import type { Sink } from '../sink/start-sink.ts';
import type { Group, Variant } from './groups.ts';
import { startDelay, runTrial } from './processes.ts';
import type { Measured } from './trial.ts';

export interface RoundsOptions {
  readonly collector: Sink;
  readonly trials: number;
  readonly fresh: number;
  readonly profileDirectory: string | undefined;
  /** Called after each trial. */
  readonly progress: (text: string) => void;
}

/** The figures of one variant, over all its trials. */
export interface Series {
  readonly variant: string;
  /** Indexed by measure. */
  readonly values: Readonly<Record<string, Spread>>;
  /** Ratios to the reference, indexed by measure. Empty for the reference itself. */
  readonly ratios: Readonly<Record<string, Spread>>;
  /** Request bytes of a trial, counted by the collector. */
  readonly wireBytes: number;
}

interface Trial {
  readonly measured: Measured;
  readonly wireBytes: number;
}

/**
 * Runs the reference, the others, the reference, the others and so on, and ends with the reference. So each
 * other trial lies between two trials of the reference.
 */
export async function runGroup(group: Group, options: RoundsOptions): Promise<readonly Series[]> {
  const { collector, trials } = options;
  const delay =
    group.roundTripMs > 0 ? await startDelay(collector.grpcPort, group.roundTripMs) : undefined;
  const endpoint = `http://127.0.0.1:${delay?.port ?? collector.grpcPort}`;
  const [reference, ...others] = group.variants;
  if (reference === undefined) return [];
  const run = async (variant: Variant): Promise<Trial> => {
    const trial = await runOne(group, variant, endpoint, options);
    options.progress(`${group.name} ${variant.name}: ${JSON.stringify(trial.measured)}`);
    return trial;
  };
  const references = [await run(reference)];
  const found = others.map((): Trial[] => []);
  const rounds = others.length === 0 ? trials - 1 : trials;
  for (let round = 0; round < rounds; round += 1) {
    for (const [at, variant] of others.entries()) found[at]?.push(await run(variant));
    references.push(await run(reference));
  }
  await delay?.stop();
  return [
    seriesOf(reference, references),
    ...others.map((variant, at) => seriesOf(variant, found[at] ?? [], references)),
  ];
}

/**
 * Throws if the collector did not receive every span that the subject was given. Returns the request bytes per
 * span.
 */
export async function checkDelivery(
  { subject, compression }: Variant,
  { collector, fresh }: RoundsOptions,
): Promise<number> {
  const endpoint = `http://127.0.0.1:${collector.grpcPort}`;
  await collector.take({ hold: false, inspect: true });
  const { given = Number.NaN } = await runTrial(
    {
      kind: 'delivery',
      name: subject,
      compression,
      endpoint,
      fresh,
      roundTripMs: 0,
      profile: false,
    },
    { flags: [], profileDirectory: undefined, hold: () => Promise.resolve() },
  );
  const { spans, bytes } = await collector.take({ hold: false, inspect: false });
  if (spans === given) return bytes / spans;
  throw new Error(`${subject} ${compression}: ${given} spans given, ${spans} received`);
}

async function runOne(
  { kind, flags, roundTripMs }: Group,
  { subject, compression }: Variant,
  endpoint: string,
  { collector, fresh, profileDirectory }: RoundsOptions,
): Promise<Trial> {
  await collector.take({ hold: false, inspect: false });
  const profile = profileDirectory !== undefined;
  const measured = await runTrial(
    { kind, name: subject, compression, endpoint, fresh, roundTripMs, profile },
    {
      flags,
      profileDirectory,
      hold: async () => void (await collector.take({ hold: true, inspect: false })),
    },
  );
  const { bytes } = await collector.take({ hold: false, inspect: false });
  return { measured, wireBytes: bytes };
}

function seriesOf(
  { name }: Variant,
  trials: readonly Trial[],
  references?: readonly Trial[],
): Series {
  const measures = Object.keys(trials[0]?.measured ?? {});
  const all = (of: readonly Trial[], measure: string): number[] =>
    of.map(({ measured }) => measured[measure] ?? Number.NaN);
  return {
    variant: name,
    values: Object.fromEntries(
      measures.map((measure) => [measure, spreadOf(all(trials, measure))]),
    ),
    ratios:
      references === undefined
        ? {}
        : Object.fromEntries(
            measures.map((measure) => [
              measure,
              spreadOf(ratiosTo(all(references, measure), all(trials, measure))),
            ]),
          ),
    wireBytes: spreadOf(trials.map(({ wireBytes }) => wireBytes)).median,
  };
}
