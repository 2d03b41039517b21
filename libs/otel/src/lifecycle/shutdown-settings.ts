import type { ShutdownOptions } from '../options/otel.options.js';

/** {@link ShutdownOptions} with every default filled in. */
export type ShutdownSettings = Readonly<Required<ShutdownOptions>>;

/** Until the endpoints of a terminating pod have left the load balancers. */
const KUBERNETES_DRAIN_MS = 5000;

const DEFAULTS = {
  drainMs: 0,
  stopIntakeMs: 1000,
  inFlightMs: 10_000,
  hooksMs: 5000,
  flushMs: 5000,
  forceExitMs: 0,
  exitMs: 500,
} satisfies ShutdownSettings;

/** `KUBERNETES_SERVICE_HOST` is set by the kubelet in every container. */
export function resolveShutdown(
  options: ShutdownOptions = {},
  env: Readonly<Record<string, string | undefined>> = process.env,
): ShutdownSettings {
  const drainMs = env['KUBERNETES_SERVICE_HOST'] ? KUBERNETES_DRAIN_MS : DEFAULTS.drainMs;
  return Object.freeze({
    drainMs: options.drainMs ?? drainMs,
    stopIntakeMs: options.stopIntakeMs ?? DEFAULTS.stopIntakeMs,
    inFlightMs: options.inFlightMs ?? DEFAULTS.inFlightMs,
    hooksMs: options.hooksMs ?? DEFAULTS.hooksMs,
    flushMs: options.flushMs ?? DEFAULTS.flushMs,
    forceExitMs: options.forceExitMs ?? DEFAULTS.forceExitMs,
    exitMs: options.exitMs ?? DEFAULTS.exitMs,
  });
}
