import { EventEmitter } from 'node:events';
import { ROOT_CONTEXT, createContextKey } from '@opentelemetry/api';
import { AsyncContextManager } from './async-context-manager.js';

const KEY = createContextKey('spec');
const contextOf = (value: string) => ROOT_CONTEXT.setValue(KEY, value);

describe('AsyncContextManager', () => {
  const manager = new AsyncContextManager();
  const active = (): unknown => manager.active().getValue(KEY);

  afterAll(() => manager.disable());

  it('has the root context as its default', () => {
    expect(manager.active()).toBe(ROOT_CONTEXT);
  });

  it('keeps the context across awaits, timers and callbacks', async () => {
    const seen = await manager.with(contextOf('a'), async () => {
      await Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<unknown>();
      setTimeout(() => resolve(active()), 1);
      return [active(), await promise];
    });
    expect(seen).toEqual(['a', 'a']);
    expect(active()).toBeUndefined();
  });

  it('passes arguments and `this` to the function, and its result or exception to the caller', () => {
    const self = { name: 'self' };
    const call = function (this: { name: string }, part: string): string {
      return `${this.name} ${part} ${String(active())}`;
    };
    expect(manager.with(contextOf('b'), call, self, 'part')).toBe('self part b');
    expect(() =>
      manager.with(contextOf('b'), () => {
        throw new RangeError('out');
      }),
    ).toThrow(RangeError);
  });

  it('binds functions, keeps their length, and returns other objects unchanged', () => {
    const bound = manager.bind(contextOf('c'), (_a: number, _b: number) => active());
    expect(bound(1, 2)).toBe('c');
    expect(bound).toHaveLength(2);
    const emitter = new EventEmitter();
    expect(manager.bind(contextOf('c'), emitter)).toBe(emitter);
  });

  it('can enter a context, which ends with the surrounding call', async () => {
    const inside = await manager.with(contextOf('outer'), async () => {
      manager.enter(contextOf('entered'));
      await Promise.resolve();
      return active();
    });
    expect(inside).toBe('entered');
    expect(active()).toBeUndefined();
  });
});
