import { transcodeJson } from '../encode/json.js';
import { refused } from '../send/outcome.js';
import type { Sender } from '../send/sender.js';

/** Sends the same as OTLP/JSON. Below the timeout, and made again for each attempt: nothing is kept twice. */
export const asJson = (next: Sender): Sender => ({
  async send(batch, signal) {
    let body: Buffer;
    try {
      body = Buffer.from(transcodeJson(batch.signal, Buffer.concat(batch.chunks)));
    } catch {
      return refused('transcode_failed');
    }
    return next.send({ ...batch, bytes: body.length, chunks: [body] }, signal);
  },
  close: () => next.close(),
});
