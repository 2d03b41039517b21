import type { IncomingMessage, ServerResponse } from 'node:http';
import { RequestMethod } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { createContextKey } from '@opentelemetry/api';
import { contexts } from '../context/contexts.js';
import { EMPTY_CONTEXT } from '../context/linked-context.js';
import { ANSWERED, AdapterHooks } from './adapter-hooks.js';

const req = {} as IncomingMessage;
const res = {} as ServerResponse;

const attach = (adapter = new ExpressAdapter()) => {
  const host = new HttpAdapterHost();
  const hooks = new AdapterHooks(host);
  host.httpAdapter = adapter;
  const slots = adapter as unknown as {
    onRequestHook(req: unknown, res: unknown, done: () => void): unknown;
  };
  return {
    hooks,
    request: (done: () => void): unknown => slots.onRequestHook(req, res, done),
    route: (): void => adapter.getOnRouteTriggered()?.(RequestMethod.GET, '/a'),
  };
};

describe('AdapterHooks', () => {
  it('runs its hooks in the order of their registration, then continues the request', () => {
    const { hooks, request } = attach();
    const calls: string[] = [];
    hooks.onRequest(() => void calls.push('first'));
    hooks.onRequest(() => void calls.push('second'));
    request(() => calls.push('done'));
    expect(calls).toEqual(['first', 'second', 'done']);
    expect(hooks.sharedWithOther).toBe(false);
  });

  it('runs what comes behind a hook in the context that the hook returns', () => {
    const { hooks, request } = attach();
    const key = createContextKey('spec');
    const seen = (): unknown => contexts.active().getValue(key);
    const calls: unknown[] = [];
    hooks.onRequest(() => EMPTY_CONTEXT.setValue(key, 'entered'));
    hooks.onRequest(() => void calls.push(seen()));
    request(() => calls.push(seen()));
    expect([...calls, seen()]).toEqual(['entered', 'entered', undefined]);
  });

  it('does not continue a request that a hook answers', () => {
    const { hooks, request } = attach();
    let went = false;
    hooks.onRequest(() => ANSWERED);
    hooks.onRequest(() => {
      went = true;
    });
    request(() => {
      went = true;
    });
    expect(went).toBe(false);
  });

  it('continues when a hook throws', () => {
    const { hooks, request, route } = attach();
    const calls: string[] = [];
    hooks.onRequest(() => {
      throw new Error('ours');
    });
    hooks.onRoute(() => {
      throw new Error('ours');
    });
    hooks.onRoute((method, template) => calls.push(`${method} ${template}`));
    request(() => calls.push('done'));
    route();
    expect(calls).toEqual(['done', '0 /a']);
  });

  it('passes exceptions of the app to the adapter', () => {
    const { hooks, request } = attach();
    hooks.onRequest(() => undefined);
    expect(() =>
      request(() => {
        throw new Error('theirs');
      }),
    ).toThrow('theirs');
  });

  it('also runs the hooks that the app had set before', () => {
    const adapter = new ExpressAdapter();
    const calls: string[] = [];
    adapter.setOnRequestHook((_req: unknown, _res: unknown, done: () => void) => {
      calls.push('theirs');
      done();
    });
    adapter.setOnRouteTriggered((method, path) => calls.push(`${method} ${path}`));
    const { hooks, request, route } = attach(adapter);
    hooks.onRequest(() => void calls.push('ours'));
    request(() => calls.push('done'));
    route();
    expect(calls).toEqual(['ours', 'theirs', 'done', '0 /a']);
    expect(hooks.sharedWithOther).toBe(true);
  });
});
