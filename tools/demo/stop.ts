import { styleText } from 'node:util';
import { Lens } from './lens.ts';
import { SERVICES } from './shop.ts';
import type { Shop } from './shop.ts';
import { balance, parseSent } from './shutdown-report.ts';
import type { Balance, Sent } from './shutdown-report.ts';

const UNITS = { traces: 'spans', metrics: 'metric points', logs: 'log records' } as const;

/** The result of stopping the services. */
export interface StopResult {
  readonly balances: readonly Balance[];
  /** Services that had to be killed, or that ended with an error. */
  readonly faults: readonly string[];
}

/** Stops the services in order, and compares each service's own counts with the lens's. */
export async function stopAndCompare(shop: Shop, say: (line: string) => void): Promise<StopResult> {
  const sent = new Map<string, Sent>();
  for (const [name, child] of shop.services) {
    child.onLine((line) => {
      const report = parseSent(line);
      if (report !== undefined) sent.set(name, report);
    });
  }
  const faults: string[] = [];
  await shop.stopServices((name, exit) => {
    if (exit.forced) faults.push(`${name} did not stop in time and was killed`);
    else if (exit.code !== 0 && exit.signal !== 'SIGTERM') {
      faults.push(`${name} ended with ${exit.signal ?? `code ${exit.code}`}`);
    }
    say(`${name} stopped`);
  });
  const lens = new Lens(shop.url('lens'));
  const balances: Balance[] = [];
  for (const name of SERVICES) {
    if (shop.ready.has(name)) {
      balances.push(...balance(name, sent.get(name), await lens.received(name)));
    }
  }
  return { balances, faults };
}

/** Returns one line for each service, with its losses or that it lost nothing. */
export function balanceTable(balances: readonly Balance[]): string {
  if (balances.length === 0) return 'No service was ready yet: there is nothing to compare.';
  const lines = SERVICES.flatMap((service) => {
    const own = balances.filter((entry) => entry.service === service);
    if (own.length === 0) return [];
    const cells = own.map(({ signal, created, received }) =>
      `${created} → ${received} ${UNITS[signal]}`.padEnd(26),
    );
    const faults = own.flatMap(({ signal, faults: found }) =>
      found.map((fault) => `${UNITS[signal]}: ${fault}`),
    );
    const verdict =
      faults.length === 0
        ? styleText('green', 'nothing was lost')
        : styleText('red', [...new Set(faults)].join('; '));
    return [`${service.padEnd(11)}${cells.join('')}${verdict}`];
  });
  return ['created → received by the lens', ...lines].join('\n');
}
