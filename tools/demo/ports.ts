import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Returns the port if it is free, or `null` if another process uses it. */
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

/**
 * These ports are below the range for outgoing connections, one of which could take a port before its service
 * does.
 */
const LOWEST = 20_000;
const HIGHEST = 32_000;
const anyPort = (): number => randomInt(LOWEST, HIGHEST);

/** Gives each name its wanted port if that is free, and another port otherwise. */
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
