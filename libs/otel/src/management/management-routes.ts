import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';

export type ManagementHandler = (req: IncomingMessage, res: ServerResponse) => void;

/**
 * Exact paths that answer before body parsers, middleware, guards and prefixes, and leave no telemetry:
 * the probes and `/metrics`. Filled by the rooms that own them, before the app listens.
 */
@Injectable()
export class ManagementRoutes {
  readonly #handlers = new Map<string, ManagementHandler>();

  add(path: string, handler: ManagementHandler): void {
    this.#handlers.set(path, handler);
  }

  /** Looks at the path only; a query string is allowed. */
  find(url: string | undefined): ManagementHandler | undefined {
    if (url === undefined || this.#handlers.size === 0) return undefined;
    const query = url.indexOf('?');
    return this.#handlers.get(query === -1 ? url : url.slice(0, query));
  }

  paths(): readonly string[] {
    return [...this.#handlers.keys()];
  }
}
