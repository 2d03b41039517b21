/** The parts of a request line's target. */
interface RequestTarget {
  readonly path: string;
  /** Without `?`; `undefined` where there is none. */
  readonly query: string | undefined;
}

// RFC 9112, 3.2.2: a proxy may send the whole URL; its authority (and user information) is not the path.
const originForm = (target: string): string => {
  if (target.charCodeAt(0) === 47) return target;
  const scheme = target.indexOf('://');
  if (scheme === -1) return target;
  for (let at = scheme + 3; at < target.length; at++) {
    const char = target[at];
    if (char === '/') return target.slice(at);
    if (char === '?' || char === '#') return `/${target.slice(at)}`;
  }
  return '/';
};

/** Never throws, whatever a raw socket sent. A fragment belongs to no request and is dropped. */
export const parseTarget = (url: string | undefined): RequestTarget => {
  let target = originForm(url ?? '/');
  const fragment = target.indexOf('#');
  if (fragment !== -1) target = target.slice(0, fragment);
  const query = target.indexOf('?');
  if (query === -1) return { path: target, query: undefined };
  return { path: target.slice(0, query), query: target.slice(query + 1) || undefined };
};

/** The target as the client sent it: Express keeps it where it cuts a mount's path off `url`. */
export const targetOf = (req: {
  readonly originalUrl?: string | undefined;
  readonly url?: string | undefined;
}): RequestTarget => parseTarget(req.originalUrl ?? req.url);
