// One trial, in a process of its own: `node trial.ts <JSON of TrialOptions>`. Sends its result to the parent.
import { allocation } from './allocation.ts';
import { cost } from './cost.ts';
import { delivery } from './delivery.ts';
import { encoding } from './encoding.ts';
import { memory } from './memory.ts';
import { rate } from './rate.ts';
import { stall } from './stall.ts';
import { createSubject } from './subjects.ts';
import type { SubjectOptions } from './subjects.ts';
import { tracing } from './tracing.ts';

export type TrialKind =
  | 'delivery'
  | 'encoding'
  | 'tracing'
  | 'ready'
  | 'stock'
  | 'rate'
  | 'stall'
  | 'allocation'
  | 'memory';

export interface TrialOptions extends SubjectOptions {
  readonly kind: TrialKind;
  /** How many of the ten values are new with each span. */
  readonly fresh: number;
  /** Round trip to the collector. */
  readonly roundTripMs: number;
}

/** The measured values, by name. */
export type Measured = Readonly<Record<string, number>>;

async function run(options: TrialOptions): Promise<Measured> {
  if (options.kind === 'encoding') return encoding(options.fresh);
  if (options.kind === 'tracing') return tracing(options.fresh);
  if (options.kind === 'memory') return memory(() => createSubject(options), options.fresh);
  const subject = createSubject(options);
  const measured = await measure(subject, options);
  await subject.shutdown();
  return measured;
}

function measure(
  subject: ReturnType<typeof createSubject>,
  { kind, fresh, roundTripMs }: TrialOptions,
): Promise<Measured> {
  switch (kind) {
    case 'delivery':
      return delivery(subject, fresh);
    case 'rate':
      return rate(subject, fresh, roundTripMs);
    case 'stall':
      return stall(subject, fresh);
    case 'allocation':
      return allocation(subject, fresh);
    default:
      return cost(subject, fresh, kind === 'stock');
  }
}

const measured = await run(JSON.parse(process.argv[2] ?? '{}') as TrialOptions);
if (process.send !== undefined) process.send(measured);
if (process.connected) process.disconnect();
