import type { Environment } from './environment.js';
import type { Fault } from './faults.js';
import { MASK } from '../secrets/secret.js';
import type { SharedVariable, SignalVariable } from './variables.js';

const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const VALUE = /^[\t\x20-\x7e]*$/;

/** `text` without percent-encoding; `undefined` if the encoding is invalid. */
export const percentDecoded = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
};

/**
 * `k=v,k2=v2`, percent-encoded (specification: protocol/exporter, "Specifying headers"). Text that is no pair is
 * ignored with a warning; a pair that no request can carry is a fault, since telemetry without it would be turned away.
 */
export const headersFromEnvironment = (
  environment: Environment,
  name: SharedVariable<'HEADERS'> | SignalVariable<'HEADERS'>,
  faults: Fault[],
): Record<string, string> | undefined => {
  const list = environment.get(name);
  if (list === undefined) return undefined;
  const headers: Record<string, string> = {};
  for (const pair of list.split(',').filter((part) => part.trim() !== '')) {
    const equals = pair.indexOf('=');
    const key = percentDecoded(pair.slice(0, Math.max(0, equals)).trim())?.toLowerCase();
    const value = percentDecoded(pair.slice(equals + 1).trim());
    if (key === undefined || key === '' || value === undefined) {
      environment.warn(name, 'write key=value pairs, percent-encoded; the rest is ignored');
    } else if (/[\r\n\0]/.test(key + value)) {
      faults.push({ path: name, found: MASK, remedy: 'a header holds a line break; take it out' });
    } else if (!NAME.test(key)) {
      faults.push({ path: name, found: MASK, remedy: 'write header names without spaces' });
    } else if (!VALUE.test(value)) {
      faults.push({ path: name, found: MASK, remedy: 'write header values in printable ASCII' });
    } else {
      headers[key] = value;
    }
  }
  return headers;
};
