import { failure, ok, type Answer } from '../query/answer.js';
import { listLogs } from '../query/logs.js';
import { getMetric, listMetrics } from '../query/metrics.js';
import type { Params } from '../query/params.js';
import { listServices } from '../query/services.js';
import { getTrace, listTraces } from '../query/traces.js';
import type { LensStore } from '../store/store.js';

export interface RouteContext {
  readonly store: LensStore;
  readonly stats: () => unknown;
  readonly clear: () => void;
}

export interface Route {
  readonly method: 'GET' | 'POST';
  /** `segment` is the rest of the path, for a route that ends with `/`. */
  readonly answer: (params: Params, segment: string) => Answer;
}

export type Routes = (path: string) => { route: Route; segment: string } | undefined;

export function createRoutes({ store, stats, clear }: RouteContext): Routes {
  function get(answer: Route['answer']): Route {
    return { method: 'GET', answer };
  }
  const routes = new Map<string, Route>([
    ['/api/services', get((params) => listServices(store.services, params))],
    ['/api/traces', get((params) => listTraces(store.traces, params))],
    ['/api/traces/', get((params, id) => getTrace(store.traces, id, params))],
    ['/api/logs', get((params) => listLogs(store.logs, params))],
    ['/api/metrics', get((params) => listMetrics(store.metrics, params))],
    ['/api/metrics/', get((params, name) => getMetric(store.metrics, name, params))],
    ['/api/stats', get((params) => params.fault() ?? ok(stats()))],
    [
      '/api/clear',
      {
        method: 'POST',
        answer: (params) => {
          const fault = params.fault();
          if (fault !== undefined) return fault;
          clear();
          return ok({ cleared: true });
        },
      },
    ],
  ]);
  return (path) => {
    const whole = path.endsWith('/') ? undefined : routes.get(path);
    if (whole !== undefined) return { route: whole, segment: '' };
    const slash = path.lastIndexOf('/');
    const route = routes.get(path.slice(0, slash + 1));
    const segment = decoded(path.slice(slash + 1));
    return route === undefined || segment === '' ? undefined : { route, segment };
  };
}

export const notFound = failure(404, 'not_found', 'no such path; see the API under /api/');

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return '';
  }
}
