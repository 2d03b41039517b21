import { SIGNALS } from './lens.ts';
import type { Received, Signal } from './lens.ts';
import type { ServiceName } from './shop.ts';

interface Totals {
  readonly accepted: number;
  readonly rejected: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly queued: number;
  readonly spooled: number;
  readonly possibleDuplicates: number;
}

/** Report of a service at its end on all telemetry that it created. */
export type Sent = Readonly<Record<Signal, Totals>>;

const START = '{"nestlens.shutdown":';

/** Parses a line of output, printed plainly or inside a JSON log line. */
export function parseSent(line: string): Sent | undefined {
  if (!line.includes('nestlens.shutdown')) return undefined;
  const plain = line.includes(START) ? line : line.replaceAll(String.raw`\"`, '"');
  const start = plain.indexOf(START);
  // The rest of a log line may follow the JSON.
  for (let end = plain.lastIndexOf('}'); end > start; end = plain.lastIndexOf('}', end - 1)) {
    try {
      const report = JSON.parse(plain.slice(start, end + 1)) as { 'nestlens.shutdown': Sent };
      return report['nestlens.shutdown'];
    } catch {
      // The next attempt ends one brace earlier.
    }
  }
  return undefined;
}

export interface Balance {
  readonly service: ServiceName;
  readonly signal: Signal;
  readonly created: number;
  readonly received: number;
  /** Differences between the two. Empty if there are none. */
  readonly faults: readonly string[];
}

/** Compares the items that a service created with those that the lens received from it, for each signal. */
export function balance(
  service: ServiceName,
  sent: Sent | undefined,
  received: Received,
): Balance[] {
  return SIGNALS.map((signal) => {
    const got = received[signal];
    if (sent === undefined) {
      const faults = ['the service did not report its counts'];
      return { service, signal, created: 0, received: got, faults };
    }
    const { accepted, rejected, dropped, queued, spooled, possibleDuplicates } = sent[signal];
    const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
    const created = accepted + rejected + lost + queued + spooled;
    const faults = Object.entries(dropped)
      .filter(([, count]) => count > 0)
      .map(([reason, count]) => `${count} dropped (${reason})`);
    if (rejected > 0) faults.push(`${rejected} rejected by the lens`);
    if (spooled > 0) faults.push(`${spooled} kept on disk`);
    if (queued > 0) faults.push(`${queued} not settled`);
    const missing = accepted + rejected - got;
    if (missing > 0) faults.push(`${missing} accepted but not received`);
    if (-missing > possibleDuplicates) faults.push(`${-missing} received and not counted as sent`);
    return { service, signal, created, received: got, faults };
  });
}
