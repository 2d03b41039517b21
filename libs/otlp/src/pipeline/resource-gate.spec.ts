import { resourceFromAttributes } from '@opentelemetry/resources';
import type { Resource } from '@opentelemetry/resources';
import { ResourceGate } from './resource-gate.js';

interface Item {
  readonly resource: Resource;
  readonly id: number;
}

function gate() {
  const passed: number[] = [];
  let dropped = 0;
  const under = new ResourceGate<Item>(
    ({ id }) => passed.push(id),
    () => (dropped += 1),
  );
  return { under, passed, dropped: () => dropped };
}

describe('ResourceGate', () => {
  it('passes items of a known resource at once', () => {
    const { under, passed } = gate();
    under.add({ resource: resourceFromAttributes({ a: 1 }), id: 1 });
    expect(passed).toEqual([1]);
  });

  it('holds items until the resource is known, in their order', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const resource = resourceFromAttributes({ host: promise });
    const { under, passed } = gate();
    under.add({ resource, id: 1 });
    under.add({ resource, id: 2 });
    expect(passed).toEqual([]);
    resolve('here');
    await under.opened();
    expect(passed).toEqual([1, 2]);
    under.add({ resource, id: 3 });
    expect(passed).toEqual([1, 2, 3]);
  });

  it('passes items whose resource failed', async () => {
    const { under, passed } = gate();
    const resource = {
      asyncAttributesPending: true,
      waitForAsyncAttributes: () => Promise.reject(new Error('no metadata server')),
    } as unknown as Resource;
    under.add({ resource, id: 1 });
    await under.opened();
    expect(passed).toEqual([1]);
  });

  it('holds at most 2048 items', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const resource = resourceFromAttributes({ host: promise });
    const { under, passed, dropped } = gate();
    for (let id = 0; id < 2050; id += 1) under.add({ resource, id });
    expect(dropped()).toBe(2);
    resolve('here');
    await under.opened();
    expect(passed).toHaveLength(2048);
  });

  it('passes all items when it is opened early', () => {
    const resource = resourceFromAttributes({ host: new Promise<string>(() => {}) });
    const { under, passed } = gate();
    under.add({ resource, id: 1 });
    under.open();
    expect(passed).toEqual([1]);
  });
});
