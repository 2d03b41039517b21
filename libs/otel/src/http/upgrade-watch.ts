import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { guarded } from '../faults/fault-log.js';
import { parseTarget } from './request-target.js';
import { UpgradeResponse } from './upgrade-response.js';

/** Node's HTTP server, as far as it is used here. */
export interface UpgradableServer {
  on(event: string, listener: Listener): unknown;
  off(event: string, listener: Listener): unknown;
  prependListener(event: string, listener: Listener): unknown;
  listenerCount(event: string): number;
}

type Listener = (...args: never[]) => void;

/** The hooks of an upgrade: `begin` starts its span and enters its context, `routed` names its route. */
interface UpgradeHandler {
  begin(req: IncomingMessage, res: ServerResponse): void;
  routed(req: IncomingMessage, route: string): void;
}

/** Apps have one path or a few for WebSockets; a server that takes any path must not give a route to each. */
const MOST_ROUTES = 16;

/**
 * Sees upgrades (WebSocket, socket.io) before the handlers of the app do, since Node publishes nothing for them. Node
 * hands a request to `upgrade` only while somebody listens, so this listens only while somebody else does.
 */
export class UpgradeWatch {
  readonly #server: UpgradableServer;
  readonly #handler: UpgradeHandler;
  readonly #routes = new Set<string>();
  #listening = false;

  constructor(server: UpgradableServer, handler: UpgradeHandler) {
    this.#server = server;
    this.#handler = handler;
    server.on('newListener', this.#added);
    server.on('removeListener', this.#removed);
    if (server.listenerCount('upgrade') > 0) this.#listen();
  }

  stop(): void {
    this.#server.off('newListener', this.#added);
    this.#server.off('removeListener', this.#removed);
    this.#server.off('upgrade', this.#onUpgrade);
    this.#listening = false;
  }

  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    this.#server.prependListener('upgrade', this.#onUpgrade);
  }

  readonly #added = (event: string): void => {
    if (event === 'upgrade') this.#listen();
  };

  readonly #removed = (event: string): void => {
    if (event !== 'upgrade' || !this.#listening || this.#server.listenerCount('upgrade') > 1)
      return;
    this.#listening = false;
    this.#server.off('upgrade', this.#onUpgrade);
  };

  readonly #onUpgrade = (req: IncomingMessage, socket: Duplex): void => {
    guarded('An upgrade could not be observed', () => {
      const { path } = parseTarget(req.url);
      const response = new UpgradeResponse(socket);
      // Before the span ends with it.
      response.once('close', () => {
        if (this.#isRoute(path, response.statusCode)) this.#handler.routed(req, path);
      });
      this.#handler.begin(req, response.asResponse());
    });
  };

  /** A path that has been upgraded once; refused ones are anybody's. */
  #isRoute(path: string, status: number): boolean {
    if (status === 101 && this.#routes.size < MOST_ROUTES) this.#routes.add(path);
    return this.#routes.has(path);
  }
}
