import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** `null`: another process uses the port. */
const claim = (port: number): Promise<number | null> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(null);
      else reject(error);
    });
    server.listen(port, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : null));
    });
  });

/** Below the range for outgoing connections: one of those could take a port before its service does. */
const LOWEST = 20_000;
const HIGHEST = 32_000;
const anyPort = (): number => randomInt(LOWEST, HIGHEST);

/** Each name with its own port if that is free, else with another. */
export async function freePorts<Name extends string>(
  wanted: Readonly<Record<Name, number>>,
): Promise<Record<Name, number>> {
  const free: Partial<Record<Name, number>> = {};
  for (const [name, port] of Object.entries(wanted) as [Name, number][]) {
    const taken = new Set(Object.values<number | undefined>(free));
    let found = await claim(port);
    while (found === null || taken.has(found)) found = await claim(anyPort());
    free[name] = found;
  }
  return free as Record<Name, number>;
}
