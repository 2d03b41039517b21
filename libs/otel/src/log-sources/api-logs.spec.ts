import { ShutdownPhases } from '../lifecycle/shutdown-phases.js';
import { Inventory } from '../report/inventory.js';
import { LogSources } from './log-sources.js';

const KEY = Symbol.for('io.opentelemetry.js.api.logs');
const SDK = { 'telemetry.sdk.name': 'opentelemetry', 'telemetry.sdk.version': '2.12.0' };

class LoggerProvider {
  readonly _sharedState = { resource: { attributes: SDK } };
}
class TheirLogs {
  readonly isTheirs = true;
}

describe('@opentelemetry/api-logs', () => {
  it.each<[string, () => unknown, string]>([
    ['an SDK 2.x', () => new LoggerProvider(), 'LoggerProvider (opentelemetry 2.12.0)'],
    ['an SDK without a resource', () => new TheirLogs(), 'TheirLogs'],
    ['an object without a name', () => undefined, 'unknown'],
    [
      'a provider that throws',
      () => {
        throw new Error('theirs');
      },
      'unknown',
    ],
  ])('is left to %s that registered first, and the inventory names it', (_what, foreign, name) => {
    Reflect.set(globalThis, KEY, foreign);
    const inventory = new Inventory();
    const settings = { format: 'json', level: 'log', emit: true } as const;
    const sources = new LogSources(settings, inventory, new ShutdownPhases());
    sources.onModuleInit();
    expect(inventory.items()).toContainEqual({
      kind: 'left-out',
      what: '@opentelemetry/api-logs',
      why: `${name} was registered first: records of those who log through it go there`,
    });
    sources.stop();
    expect(Reflect.get(globalThis, KEY)).toBe(foreign);
    Reflect.deleteProperty(globalThis, KEY);
  });
});
