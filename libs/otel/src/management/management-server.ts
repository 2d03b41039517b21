import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { HealthError } from '../options/health-error.js';
import { errorText } from '../secrets/masked-text.js';
import { ShutdownPhases } from '../lifecycle/shutdown-phases.js';
import { limitConnections } from './connection-limit.js';
import { answerJson, serveManagement } from './management-answer.js';
import { MANAGEMENT_SETTINGS } from './management-settings.js';
import type { ManagementSettings } from './management-settings.js';
import { ManagementRoutes } from './management-routes.js';

/** Probes are small and few. A request that needs more than this is not a probe. */
const LIMITS = {
  maxHeaderSize: 8192,
  headersTimeout: 5000,
  requestTimeout: 5000,
  keepAliveTimeout: 5000,
  // Node looks at the timeouts above only so often; its default is 30 s.
  connectionsCheckingInterval: 1000,
};
const MAX_CONNECTIONS = 128;

/**
 * The {@link ManagementRoutes} on a port of their own, from the first init hook to the last shutdown phase:
 * for apps without HTTP, and for probes that must answer while the app's own port is closed. Unreferenced,
 * so it never keeps a process alive. Without `health.port` it does nothing.
 */
@Injectable()
export class ManagementServer implements OnModuleInit {
  readonly #settings: ManagementSettings;
  readonly #routes: ManagementRoutes;
  readonly #logger = new Logger('ManagementServer');
  #server: Server | undefined;

  constructor(
    @Inject(MANAGEMENT_SETTINGS) settings: ManagementSettings,
    routes: ManagementRoutes,
    phases: ShutdownPhases,
  ) {
    this.#settings = settings;
    this.#routes = routes;
    phases.register('exit', 'management server', () => this.#close());
  }

  /** The bound address; `undefined` while it is closed. */
  get address(): AddressInfo | undefined {
    const address = this.#server?.address();
    return typeof address === 'object' && address !== null ? address : undefined;
  }

  /** @throws HealthError when the port cannot be bound. */
  async onModuleInit(): Promise<void> {
    const { port, host } = this.#settings;
    // The `init()` of a microservice runs this hook twice.
    if (port === undefined || this.#server) return;
    const server = createServer(LIMITS, (req, res) => {
      const handler = this.#routes.find(req.url);
      if (handler) serveManagement(handler, req, res, 'port');
      else answerJson(res, 404, { status: 'error', message: 'Not found' });
    });
    limitConnections(server, MAX_CONNECTIONS);
    server.unref();
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) =>
        reject(
          new HealthError(
            'NESTLENS_HEALTH_PORT',
            `health.port ${port} cannot be bound: ${errorText(error)}. Choose a free port, or leave it out.`,
            error,
          ),
        ),
      );
      server.listen({ port, host }, resolve);
    });
    server.removeAllListeners('error');
    server.on('error', (error) => this.#logger.warn(errorText(error)));
    this.#server = server;
  }

  async #close(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }
}
