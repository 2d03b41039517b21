import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';

/** Where a management request came in: the app's own server, or the management port. */
export type ManagementPlace = 'app' | 'port';

export type ManagementHandler = (
  req: IncomingMessage,
  res: ServerResponse,
  place: ManagementPlace,
) => void;

/** The methods that the app itself answers at a path of ours. */
type AppClaim = 'GET' | 'other methods';

interface ManagementRoute {
  readonly handler: ManagementHandler;
  /** The option that moves it. */
  readonly option: string;
  claim: AppClaim | undefined;
}

const pathOf = (url: string): string => {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
};

/**
 * Exact paths that answer before body parsers, middleware, guards and prefixes, and leave no telemetry:
 * the probes and `/metrics`. Filled by the rooms that own them, before the app listens. A path that the app answers
 * itself is the app's, on the app's own port; the management port has all of them.
 */
@Injectable()
export class ManagementRoutes {
  readonly #routes = new Map<string, ManagementRoute>();

  /** `option` is the path of the option that moves it, for the start-up report. */
  add(path: string, handler: ManagementHandler, option: string): void {
    this.#routes.set(path, { handler, option, claim: undefined });
  }

  /** Leaves a path, or its methods other than GET and HEAD, to the app. */
  leaveToApp(path: string, claim: AppClaim): void {
    const route = this.#routes.get(path);
    if (route) route.claim = claim;
  }

  /** For the management port. Looks at the path only; a query string is allowed. */
  find(url: string | undefined): ManagementHandler | undefined {
    if (url === undefined || this.#routes.size === 0) return undefined;
    return this.#routes.get(pathOf(url))?.handler;
  }

  /** The handler for the app's own port. It leaves paths alone that the app answers itself. */
  findBesideApp(
    url: string | undefined,
    method: string | undefined,
  ): ManagementHandler | undefined {
    if (url === undefined || this.#routes.size === 0) return undefined;
    const route = this.#routes.get(pathOf(url));
    if (route?.claim === undefined) return route?.handler;
    const probes = method === 'GET' || method === 'HEAD';
    return route.claim === 'other methods' && probes ? route.handler : undefined;
  }

  /** For a GET that turned out to reach nothing of the app: its route may want a version or a host. */
  findUnmatched(
    url: string | undefined,
    method: string | undefined,
  ): ManagementHandler | undefined {
    return method === 'GET' || method === 'HEAD' ? this.find(url) : undefined;
  }

  paths(): readonly string[] {
    return [...this.#routes.keys()];
  }

  optionOf(path: string): string | undefined {
    return this.#routes.get(path)?.option;
  }
}
