const MAX_TYPE_CHARS = 100;
/** The conventions' value where there is no better one. [semantic conventions, error.type] */
const OTHER = '_OTHER';
// A system error says more by its code than by its class, which is Error.
const SYSTEM_CODE = /^[A-Z][A-Z0-9_]{1,63}$/;

const CLIENT_FAULTS = 400;
const SERVER_FAULTS = 500;

/** `error.type` of a thrown value: a system error's code, else the name of the class. */
export const errorType = (thrown: unknown): string => {
  try {
    if (typeof thrown !== 'object' || thrown === null) return OTHER;
    const { code, name } = thrown as { code?: unknown; name?: unknown };
    if (typeof code === 'string' && SYSTEM_CODE.test(code)) return code;
    const own = typeof name === 'string' && name !== '' && name !== 'Error' ? name : undefined;
    const known = own ?? thrown.constructor.name;
    return known !== '' && known.length <= MAX_TYPE_CHARS ? known : OTHER;
  } catch {
    return OTHER;
  }
};

/**
 * Whether this is Nest's way to answer 4xx. Such exceptions stand for an outcome and are no error of
 * the code that throws them. [semantic conventions, recording exceptions]
 */
export const isClientFault = (thrown: unknown): boolean => {
  try {
    const { getStatus } = thrown as { getStatus?: unknown };
    if (typeof getStatus !== 'function') return false;
    const status: unknown = Reflect.apply(getStatus, thrown, []);
    return typeof status === 'number' && status >= CLIENT_FAULTS && status < SERVER_FAULTS;
  } catch {
    return false;
  }
};
