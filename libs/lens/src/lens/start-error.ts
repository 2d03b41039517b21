import { LensError } from './lens-error.js';
import type { ResolvedLensOptions } from './options.js';

const ports = [
  ['grpcPort', 'LENS_GRPC_PORT'],
  ['httpPort', 'LENS_HTTP_PORT'],
  ['apiPort', 'LENS_API_PORT'],
] as const;

/** Composes the error of a failed start: the port, the reason, and the remedy. */
export function startError(error: unknown, options: ResolvedLensOptions): LensError {
  const { code, port, message } = (error ?? {}) as NodeJS.ErrnoException & { port?: number };
  const [option, variable] = ports.find(([key]) => options[key] === port) ?? [];
  const remedy =
    option === undefined
      ? 'set other ports'
      : `set another port by the option ${option} or the variable ${variable} (0 = any free port)`;
  if (code === 'EADDRINUSE') {
    return new LensError(
      'lens_port_in_use',
      `Port ${port} on ${options.host} is in use${option === undefined ? '' : ` (${option})`}: stop what listens there, perhaps another lens, or ${remedy}`,
      error,
    );
  }
  return new LensError('lens_start', `The lens could not start: ${message}; ${remedy}`, error);
}
