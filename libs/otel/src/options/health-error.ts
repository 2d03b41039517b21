/** The part of the health checks with wrong wiring: a name, a path, a database, or the port of the probes. */
export type HealthErrorCode =
  | 'NESTLENS_HEALTH_NAME'
  | 'NESTLENS_HEALTH_PATH'
  | 'NESTLENS_HEALTH_DATABASE'
  | 'NESTLENS_HEALTH_PORT';

/** Wrong wiring of health, found while the app starts. */
export class HealthError extends Error {
  override readonly name = 'HealthError';
  readonly code: HealthErrorCode;

  constructor(code: HealthErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}
