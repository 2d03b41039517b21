import { useLeakCheck } from '@nestlens/testing';
import { startWorker } from './worker-thread.js';

const LISTENING = `import { parentPort } from 'node:worker_threads';
parentPort.on('message', () => {});
parentPort.postMessage({ kind: 'ready' });`;

describe('the thread of a worker', () => {
  useLeakCheck();

  it('ends if a message cannot be cloned, so that another worker gets all messages', async () => {
    const ready = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<unknown>();
    const entry = new URL(`data:text/javascript,${encodeURIComponent(LISTENING)}`);
    const thread = startWorker({ entry, env: process.env }, {} as never, {
      onMessage: () => ready.resolve(),
      onEnd: ended.resolve,
    });
    await ready.promise;
    const uncloneable = { kind: 'headers', id: 1, headers: { a: Promise.resolve('') } };
    expect(() => thread.tell(uncloneable as never)).not.toThrow();
    expect(await ended.promise).toEqual({ kind: 'ended', reason: 'untold' });
  });
});
