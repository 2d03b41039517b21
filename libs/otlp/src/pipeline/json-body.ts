import { transcodeJson } from '../encode/json.js';
import { refused } from '../send/outcome.js';
import type { Batch, Sender } from '../send/sender.js';
import { shareTrail } from '../send/trail.js';

/** Sends the same as OTLP/JSON. Below the timeout, and made again for each attempt: nothing is kept twice. */
export const asJson = (next: Sender): Sender => ({
  async send(batch, signal) {
    let body: Buffer;
    try {
      body = Buffer.from(transcodeJson(batch.signal, Buffer.concat(batch.chunks)));
    } catch {
      return refused('transcode_failed');
    }
    const json: Batch = { ...batch, bytes: body.length, chunks: [body] };
    shareTrail(batch, json);
    return next.send(json, signal);
  },
  close: () => next.close(),
});
