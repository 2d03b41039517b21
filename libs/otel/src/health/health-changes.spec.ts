import { Logger } from '@nestjs/common';
import { AppTelemetry } from '../late-bound/app-telemetry.js';
import { resolveConfig } from '../options/resolve.js';
import type { HealthState } from '../options/health-indicator.js';
import { HealthChanges } from './health-changes.js';
import { HealthRegistry } from './health-registry.js';
import type { HealthChange } from './health-registry.js';

const setUp = () => {
  const lines: string[] = [];
  Logger.overrideLogger({
    log: (line: string) => lines.push(`log ${line}`),
    warn: (line: string) => lines.push(`warn ${line}`),
    error: (line: string) => lines.push(`error ${line}`),
  });
  const registry = new HealthRegistry(resolveConfig({ health: { cacheMs: 0 } }, {}).health);
  const changes: HealthChange[] = [];
  registry.onChange((change) => changes.push(change));
  const told = new HealthChanges(registry, new AppTelemetry());
  let state: HealthState = 'up';
  registry.register({
    name: 'db',
    check: () => ({ state, ...(state !== 'up' && { detail: { message: 'pg://a:b@c refuses' } }) }),
  });
  const becomes = async (next: HealthState): Promise<void> => {
    state = next;
    await registry.report();
  };
  return { lines, changes, becomes, registry, told };
};

describe('changes of health', () => {
  afterEach(() => Logger.overrideLogger(false));

  it('are one log line each, with the reason and without secrets', async () => {
    const { lines, changes, becomes, registry } = setUp();
    await becomes('up');
    await becomes('up');
    expect(lines).toEqual([]);
    await becomes('degraded');
    await becomes('down');
    await becomes('down');
    await becomes('up');
    expect(lines).toEqual([
      'warn db is degraded: pg://***@c refuses',
      'warn db is down: pg://***@c refuses',
      'log db is up again',
    ]);
    expect(changes.map(({ from, to }) => [from, to])).toEqual([
      [undefined, 'up'],
      ['up', 'degraded'],
      ['degraded', 'down'],
      ['down', 'up'],
    ]);
    expect(registry.states()).toEqual({ db: 'up' });
  });

  it('print each state of an indicator that flaps once a minute', async () => {
    const { lines, becomes } = setUp();
    for (let turn = 0; turn < 100; turn += 1) {
      await becomes('down');
      await becomes('up');
    }
    expect(lines).toEqual(['warn db is down: pg://***@c refuses', 'log db is up again']);
  });

  it('tell the first state if it is not up, and survive a listener that throws', async () => {
    const { lines, becomes, registry } = setUp();
    registry.onChange(() => {
      throw new Error('of the app');
    });
    await becomes('down');
    expect(lines).toEqual(['warn db is down: pg://***@c refuses']);
  });
});
