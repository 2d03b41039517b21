// The services of the shop load this module. It prints the baggage of each gRPC call as a line.
import { subscribe } from 'node:diagnostics_channel';
import { writeSync } from 'node:fs';

subscribe('http2.server.stream.start', ({ headers }) => {
  if (headers.baggage !== undefined)
    writeSync(1, `baggage ${headers[':path']} ${headers.baggage}\n`);
});
