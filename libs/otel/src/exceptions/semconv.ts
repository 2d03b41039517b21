/** Name of the span event and of the log record that hold an exception. [semantic conventions 1.45, exceptions] */
export const EVENT_EXCEPTION = 'exception';

/**
 * `error.type` and `exception.type` of a value without a class: a thrown text, number or `null`. [semantic
 * conventions]
 */
export const OTHER = '_OTHER';

/**
 * The `code` of an exception (`23505`, `ECONNREFUSED`, `P2002`), or of its nearest cause that has one. Ours: the
 * conventions have no place for it.
 */
export const ATTR_EXCEPTION_CODE = 'nestlens.exception.code';
