// Loaded into the services of the shop: says what baggage came with each gRPC call, as a line of output.
import { subscribe } from 'node:diagnostics_channel';
import { writeSync } from 'node:fs';

subscribe('http2.server.stream.start', ({ headers }) => {
  if (headers.baggage !== undefined)
    writeSync(1, `baggage ${headers[':path']} ${headers.baggage}\n`);
});
