import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Bounds the connections of a server: one too many ends the connection that has been without a request for longest. Node's
 * own `maxConnections` drops the newcomer, so 128 idle connections would have refused every probe for half a minute.
 */
export const limitConnections = (server: Server, most: number): void => {
  const open = new Set<Socket>();
  /** In the order in which they became idle. A request that is not complete counts as none. */
  const idle = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    idle.add(socket);
    socket.once('close', () => {
      open.delete(socket);
      idle.delete(socket);
    });
    if (open.size <= most) return;
    const [oldest = socket] = idle;
    open.delete(oldest);
    idle.delete(oldest);
    oldest.destroy();
  });
  server.on('request', ({ socket }, res) => {
    idle.delete(socket);
    res.once('close', () => {
      if (open.has(socket)) idle.add(socket);
    });
  });
};
