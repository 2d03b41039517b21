/**
 * The option that is wrong: `endpoint`, `tls`, `headers`, `proxy` or `pool`. Messages never contain an option's
 * value, since endpoints and headers carry credentials. They do contain paths of files.
 */
export type TransportConfigErrorCode = 'endpoint' | 'tls' | 'headers' | 'proxy' | 'pool';

/** Thrown while a transport is made, never later. */
export class TransportConfigError extends Error {
  override readonly name = 'TransportConfigError';
  readonly code: TransportConfigErrorCode;

  constructor(code: TransportConfigErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Called with facts that an operator should know but no Outcome says. `code` is of low cardinality; `text` holds no
 * secret.
 */
export type Warn = (code: string, text: string) => void;
