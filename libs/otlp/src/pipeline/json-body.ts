import { transcodeJson } from '../encode/json.js';
import { refused } from '../send/outcome.js';
import type { Batch, Next, Sender } from '../send/sender.js';

/** Sends the same as OTLP/JSON. Below the timeout, and made again for each attempt: nothing is kept twice. */
export function asJson(next: Next): Sender {
  return {
    async send(batch, signal, trail) {
      let body: Buffer;
      try {
        body = Buffer.from(transcodeJson(batch.signal, Buffer.concat(batch.chunks)));
      } catch {
        return refused('transcode_failed');
      }
      const json: Batch = { ...batch, bytes: body.length, chunks: [body] };
      return next.send(json, signal, trail);
    },
    close: () => next.close(),
  };
}
