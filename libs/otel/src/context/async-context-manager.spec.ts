import { EventEmitter } from 'node:events';
import { ROOT_CONTEXT, createContextKey } from '@opentelemetry/api';
import { AsyncContextManager } from './async-context-manager.js';

const KEY = createContextKey('spec');
const contextOf = (value: string) => ROOT_CONTEXT.setValue(KEY, value);

describe('AsyncContextManager', () => {
  const manager = new AsyncContextManager();
  const active = (): unknown => manager.active().getValue(KEY);

  afterAll(() => manager.disable());

  it('has the root outside of everything', () => {
    expect(manager.active()).toBe(ROOT_CONTEXT);
  });

  it('follows awaits, timers and callbacks', async () => {
    const seen = await manager.with(contextOf('a'), async () => {
      await Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<unknown>();
      setTimeout(() => resolve(active()), 1);
      return [active(), await promise];
    });
    expect(seen).toEqual(['a', 'a']);
    expect(active()).toBeUndefined();
  });

  it('gives arguments and this on, and what is returned or thrown back', () => {
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

  it('binds functions with their length, and nothing else', () => {
    const bound = manager.bind(contextOf('c'), (_a: number, _b: number) => active());
    expect(bound(1, 2)).toBe('c');
    expect(bound).toHaveLength(2);
    const emitter = new EventEmitter();
    expect(manager.bind(contextOf('c'), emitter)).toBe(emitter);
  });

  it('can be entered, for what follows only', async () => {
    const inside = await manager.with(contextOf('outer'), async () => {
      manager.enter(contextOf('entered'));
      await Promise.resolve();
      return active();
    });
    expect(inside).toBe('entered');
    expect(active()).toBeUndefined();
  });
});
