// Runs the pipeline's worker from source. It ends when a message says so, and answers first.
import { BroadcastChannel } from 'node:worker_threads';

const channel = new BroadcastChannel('killable-worker');
channel.addEventListener('message', ({ data }) => {
  if (data !== 'die') return;
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel, not a window
  channel.postMessage('dying');
  // It ends one turn later, so that the answer is sent.
  setImmediate(() => process.exit(1));
});
channel.unref();

await import('./source-worker.mjs');
