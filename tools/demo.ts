// Runs the shop: `npm run demo` until Ctrl-C, `npm run demo -- --check` with one scenario.
import { relative } from 'node:path';
import { parseArgs, styleText } from 'node:util';
import { build } from './demo/build.ts';
import { Checks } from './demo/checks.ts';
import { killAll } from './demo/child.ts';
import { balanceTable, stopAndCompare } from './demo/stop.ts';
import type { StopResult } from './demo/stop.ts';
import { interrupts } from './demo/interrupts.ts';
import { addresses, live } from './demo/live.ts';
import { Scenario } from './demo/scenario.ts';
import { ROOT, SERVICES, Shop } from './demo/shop.ts';

const USAGE = `npm run demo              the shop with live traffic, until Ctrl-C
npm run demo -- --check   one scripted scenario, verified through the lens; exits 0 or 1`;
const INTERRUPTED = 130;

const step = (text: string): void => console.log(`${styleText('cyan', '▸')} ${text}`);

async function start(shop: Shop, signal: AbortSignal): Promise<void> {
  for (const moved of shop.moved) step(`port: ${moved}`);
  step('PostgreSQL, and the build beside it');
  const starting = await Promise.allSettled([
    shop.startDatabase(),
    build(ROOT, signal, (project) => console.log(`  building ${project}`)),
  ]);
  // Both parts have settled, so that one that started can be stopped if the other failed.
  for (const part of starting) if (part.status === 'rejected') throw part.reason;
  step('the lens');
  await shop.startLens(signal);
  step(SERVICES.join(', '));
  await shop.startServices(signal);
  const seconds = (performance.now() / 1000).toFixed(1);
  step(`ready after ${seconds} s; what each prints is in ${relative('.', shop.logs)}`);
}

/** Sends traffic until Ctrl-C, or until a service dies. @returns the exit code so far */
async function runLive(shop: Shop, signal: AbortSignal): Promise<number> {
  console.log(`\n${addresses(shop)}\n\nCtrl-C stops it.\n`);
  const crash = new AbortController();
  let code = 0;
  const watch = async (): Promise<void> => {
    const child = await shop.crashed();
    if (signal.aborted) return;
    code = 1;
    console.log(styleText('red', `${child.name} ended by itself. Its last output:\n${child.tail}`));
    crash.abort();
  };
  void watch();
  await live(shop, AbortSignal.any([signal, crash.signal]));
  return code;
}

async function stop(shop: Shop, checks: Checks | undefined): Promise<boolean> {
  console.log();
  step('stopping in order: callers first');
  const end = await stopAndCompare(shop, (line) => console.log(`  ${line}`));
  console.log(`\n${balanceTable(end.balances)}\n`);
  for (const fault of end.faults) console.log(styleText('red', fault));
  if (checks !== undefined) await checkEnd(checks, end);
  return end.faults.length === 0 && end.balances.every(({ faults }) => faults.length === 0);
}

async function checkEnd(checks: Checks, { balances, faults }: StopResult): Promise<void> {
  checks.section('Shutdown');
  await checks.add('every service stopped by itself', () => {
    if (faults.length > 0) throw new Error(faults.join('; '));
    return 'gateway, orders, then the rest';
  });
  for (const service of SERVICES) {
    const own = balances.filter((entry) => entry.service === service);
    await checks.add(`${service} lost nothing`, () => {
      const lost = own.flatMap((entry) => entry.faults);
      if (own.length === 0 || lost.length > 0) throw new Error(lost.join('; ') || 'never started');
      return own.map(({ signal, received }) => `${received} ${signal}`).join(', ');
    });
  }
}

async function run(check: boolean): Promise<number> {
  const signal = interrupts(() => process.exit(INTERRUPTED));
  // PostgreSQL is not stopped here, because it ends with this process.
  process.on('exit', killAll);
  const shop = await Shop.plan({ line: check });
  const checks = check ? new Checks(signal) : undefined;
  let code = 0;
  try {
    await start(shop, signal);
    if (checks === undefined) code = await runLive(shop, signal);
    else await new Scenario(shop, checks, signal).run();
  } catch (error) {
    if (!signal.aborted) {
      code = 1;
      console.error(styleText('red', error instanceof Error ? error.message : String(error)));
    }
  }
  try {
    if (shop.services.size > 0 && !(await stop(shop, signal.aborted ? undefined : checks)))
      code = 1;
  } catch (error) {
    code = 1;
    console.error(styleText('red', error instanceof Error ? error.message : String(error)));
  } finally {
    await shop.stopRest();
    step('everything is stopped');
  }
  if (checks === undefined) return code;
  if (shop.ready.size > 0) console.log(`\n${checks.summary()}`);
  return signal.aborted ? INTERRUPTED : code === 0 && checks.passed ? 0 : 1;
}

const { values } = parseArgs({
  options: { check: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
});
if (values.help === true) console.log(USAGE);
else process.exit(await run(values.check === true));
