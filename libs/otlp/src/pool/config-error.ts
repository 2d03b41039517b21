/**
 * What is wrong with an option: `endpoint`, `tls`, `headers`, `proxy` or `pool`. The option's value is never in the
 * message, since endpoints and headers carry credentials; paths of files are.
 */
export type TransportConfigErrorCode = 'endpoint' | 'tls' | 'headers' | 'proxy' | 'pool';

/** Thrown while a transport is made, never after. */
export class TransportConfigError extends Error {
  override readonly name = 'TransportConfigError';
  readonly code: TransportConfigErrorCode;

  constructor(code: TransportConfigErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Told of what an operator should know but no Outcome says; `code` is of low cardinality, `text` holds no secret. */
export type Warn = (code: string, text: string) => void;
