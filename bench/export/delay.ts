// A TCP proxy in a process of its own: `node delay.ts <port> <round trip in ms>`. It holds each byte for half
// of the round trip, in both directions, and limits nothing else.
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

const [port, roundTripMs] = process.argv.slice(2).map(Number);
const delayMs = (roundTripMs ?? 0) / 2;

interface Held {
  readonly dueAt: number;
  readonly chunk: Buffer | undefined;
}

function carry(from: Socket, to: Socket): void {
  const held: Held[] = [];
  let first = 0;
  const release = (): void => {
    const now = performance.now();
    to.cork();
    for (let next = held[first]; next !== undefined && next.dueAt <= now; next = held[first]) {
      first += 1;
      if (next.chunk === undefined) to.end();
      else to.write(next.chunk);
    }
    to.uncork();
    held.splice(0, first);
    first = 0;
    const [next] = held;
    if (next !== undefined) setTimeout(release, Math.max(1, next.dueAt - performance.now()));
  };
  const hold = (chunk: Buffer | undefined): void => {
    held.push({ dueAt: performance.now() + delayMs, chunk });
    if (held.length === 1) setTimeout(release, delayMs);
  };
  from.on('data', hold);
  from.on('end', () => hold(undefined));
  from.on('error', () => to.destroy());
  from.on('close', () => hold(undefined));
}

const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
  const upstream = connect({
    port: port ?? 0,
    host: '127.0.0.1',
    noDelay: true,
    allowHalfOpen: true,
  });
  carry(client, upstream);
  carry(upstream, client);
});
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () =>
  process.send?.({ port: (server.address() as AddressInfo).port }),
);
