/** Stable: callers may branch on it. */
export type LensErrorCode = 'lens_options' | 'lens_port_in_use' | 'lens_start' | 'lens_closed';

/** Thrown when a lens cannot be made or started. After the start it throws nothing. */
export class LensError extends Error {
  override readonly name = 'LensError';
  readonly code: LensErrorCode;

  constructor(code: LensErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
