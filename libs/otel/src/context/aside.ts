import { ROOT_CONTEXT } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { contexts } from './contexts.js';

const SUPPRESSED = suppressTracing(ROOT_CONTEXT);

/**
 * Calls `work` in a context of its own, in which nothing is traced and no log record made: what the exporters, their
 * token functions and the health checks send is none of the application's. Timers, sockets and promises made by `work`
 * keep that context. It works before an app registers a context manager too.
 */
export const aside = <T>(work: () => T): T => contexts.with(SUPPRESSED, work);
