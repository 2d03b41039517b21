/**
 * The reason why a connection broke, of low cardinality: the `code` of Node, libuv or OpenSSL, such as
 * `ECONNREFUSED`, `CERT_HAS_EXPIRED`, `ERR_TLS_CERT_ALTNAME_INVALID`, `ERR_SSL_WRONG_VERSION_NUMBER`.
 */
export function failureReason(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown';
  const { code, errors, cause } = error as { code?: unknown; errors?: unknown; cause?: unknown };
  if (typeof code === 'string' && code !== '') return code;
  // A name with several addresses fails with one error for each address.
  if (Array.isArray(errors) && errors.length > 0) return failureReason(errors[0]);
  return cause === undefined ? 'unknown' : failureReason(cause);
}
