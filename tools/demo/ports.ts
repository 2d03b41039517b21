import { createServer } from 'node:net';

/** `null`: another process has it. `port` 0: any that is free. */
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

/** Each name with its own port where that is free, else with another. */
export async function freePorts<Name extends string>(
  wanted: Readonly<Record<Name, number>>,
): Promise<Record<Name, number>> {
  const free: Partial<Record<Name, number>> = {};
  for (const [name, port] of Object.entries(wanted) as [Name, number][]) {
    const taken = new Set(Object.values<number | undefined>(free));
    let found = await claim(port);
    while (found === null || taken.has(found)) found = await claim(0);
    free[name] = found;
  }
  return free as Record<Name, number>;
}
