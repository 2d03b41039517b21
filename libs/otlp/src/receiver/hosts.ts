/** localhost and its subdomains, 127.0.0.0/8, ::1. */
export function isLoopback(hostname: string): boolean {
  const name = hostname.toLowerCase();
  if (name === 'localhost' || name.endsWith('.localhost')) return true;
  if (name === '[::1]' || name === '::1') return true;
  return /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name);
}

/** True if a Host header names loopback or one of `allowed`. `*` in `allowed` admits all. */
export function isAllowedHost(header: string | undefined, allowed: readonly string[]): boolean {
  if (allowed.includes('*')) return true;
  if (header === undefined) return false;
  const name = /^(\[[^\]]*\]|[^:]*)(?::\d*)?$/.exec(header)?.[1];
  if (name === undefined) return false;
  return isLoopback(name) || allowed.includes(name.toLowerCase());
}

/** Only pages of this machine may send telemetry. A program sends no Origin. */
export function isAllowedOrigin(origin: string | undefined): boolean {
  if (origin === undefined) return true;
  return URL.canParse(origin) && isLoopback(new URL(origin).hostname);
}
