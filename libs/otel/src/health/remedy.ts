import { mistakeAt } from '@nestlens/otlp';
import type { Destination } from '../engine/engine.js';

const ADDRESS = 'its address is otlp.endpoint or OTEL_EXPORTER_OTLP_ENDPOINT';
const SLOW = `is it too slow (otlp.timeoutMs), or does a firewall drop its packets? ${ADDRESS}`;

const each = (reasons: readonly string[], remedy: string) =>
  reasons.map((reason) => [reason, remedy] as const);

/** By the reason of a failed export, or the code of a failed connection. */
const REMEDIES: ReadonlyMap<string, string> = new Map([
  ...each(['ECONNREFUSED'], `does it run? ${ADDRESS}`),
  ...each(['ENOTFOUND', 'EAI_AGAIN'], `is its name right? ${ADDRESS}`),
  ...each(['EHOSTUNREACH', 'ENETUNREACH', 'ERR_INVALID_URL'], ADDRESS),
  ...each(['ENOENT'], `there is no such socket: does it run? ${ADDRESS}`),
  ...each(['EACCES'], 'this process may not use its socket: change owner or mode'),
  ...each(['timeout', 'connect_timeout', 'ETIMEDOUT', 'DEADLINE_EXCEEDED', '408', '504'], SLOW),
  ...each(['429', 'RESOURCE_EXHAUSTED'], 'it asks for less: raise its limits, or sample'),
  ...each(['413', 'too_large'], 'raise the size of a request that it takes'),
  ...each(['405', '301', '302', '303', '307', '308'], `no OTLP is spoken there: ${ADDRESS}`),
  ...each(['headers'], 'the function of otlp.headers or otlp.auth fails, or gives no headers'),
  ...each(['event_loop_blocked'], 'the thread that sends gets no turn: give the process more CPU'),
]);

const PROXY =
  'the proxy does not let it through: HTTPS_PROXY and HTTP_PROXY name it, NO_PROXY passes it';
const UNKNOWN = 'its own log tells why';

/** The advice for a `destination` that fails for `reason`: one clause, never empty. */
export const remedyOf = (
  reason: string,
  { protocol, url }: Pick<Destination, 'protocol' | 'url'>,
  hasAnswered: boolean,
): string => {
  if (reason.startsWith('proxy_')) return PROXY;
  const mistake = mistakeAt(reason, { protocol, endpoint: url, hasAnswered });
  return mistake === '' ? (REMEDIES.get(reason) ?? UNKNOWN) : mistake;
};
