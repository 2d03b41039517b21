import type { Call } from './calls.ts';

const TIMEOUT_MS = 10_000;

export interface Answer {
  readonly call: Call;
  readonly status: number;
  readonly ms: number;
  /** Trace id in the gateway's response header. */
  readonly traceId: string | undefined;
  readonly body: string;
}

/** Sends a request and reads its answer to the end, event streams included. */
export async function answer(gateway: string, call: Call): Promise<Answer> {
  const start = performance.now();
  const response = await fetch(gateway + call.path, {
    method: call.method,
    headers: { 'content-type': 'application/json' },
    signal: AbortSignal.timeout(TIMEOUT_MS),
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
  });
  const body = await response.text();
  return {
    call,
    status: response.status,
    ms: performance.now() - start,
    traceId: response.headers.get('x-trace-id') ?? undefined,
    body,
  };
}

/** Returns the names of the events in the body of an event stream. */
export function eventNames(body: string): string[] {
  return [...body.matchAll(/^event: (.+)$/gm)].map((match) => match[1] ?? '');
}

/** Returns the id of the order in a body. Throws if it has none. */
export function orderId(body: string): string {
  const { id } = JSON.parse(body) as { id?: unknown };
  if (typeof id !== 'string') throw new Error(`no order id in ${body}`);
  return id;
}
