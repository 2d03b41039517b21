// The pipeline's worker from source, which ends when it is told to, and says so.
import { BroadcastChannel } from 'node:worker_threads';

const channel = new BroadcastChannel('mortal-worker');
channel.addEventListener('message', ({ data }) => {
  if (data !== 'die') return;
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel, not a window
  channel.postMessage('dying');
  // The next turn, so that the word gets out.
  setImmediate(() => process.exit(1));
});
channel.unref();

await import('./source-worker.mjs');
