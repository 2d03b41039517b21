import type { LensAddress, LensStats } from '@nestlens/lens';

/** The block printed at start. */
export function listening({ grpcUrl, httpUrl, apiUrl }: LensAddress): string {
  return [
    'The lens is listening (this machine only)',
    `  OTLP/gRPC  ${grpcUrl}`,
    `  OTLP/HTTP  ${httpUrl}`,
    `  API        ${apiUrl}/api/traces`,
  ].join('\n');
}

/** The block printed at the end: the counts of received telemetry. */
export function stopped({ counts, uptimeMs }: LensStats): string {
  function line(name: string, { received, refused, evicted }: LensStats['counts']['traces']) {
    return `  ${name.padEnd(12)}${received} received, ${refused} refused, ${evicted} evicted`;
  }
  return [
    `The lens stopped after ${Math.round(uptimeMs / 1_000)} s`,
    line('spans', counts.traces),
    line('log records', counts.logs),
    line('points', counts.metrics),
  ].join('\n');
}
