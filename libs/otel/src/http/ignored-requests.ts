import type { HttpIgnore } from '../options/otel.options.js';
import { warnOfFault } from '../faults/fault-log.js';

export type IgnoreRule = (path: string, method: string) => boolean;

const patternRule = (given: RegExp): IgnoreRule => {
  // A global or sticky pattern remembers where it stopped; one without memory answers alike each time.
  const pattern = new RegExp(given.source, given.flags.replace(/[gy]/g, ''));
  return (path) => pattern.test(path);
};

const ownRule =
  (rule: (path: string, method: string) => boolean): IgnoreRule =>
  (path, method) => {
    try {
      return rule(path, method);
    } catch (error) {
      warnOfFault('A function in http.ignore threw', error);
      return false;
    }
  };

/** One question out of `http.ignore`; `undefined` where nothing is ignored. */
export const compileIgnore = (rules: readonly HttpIgnore[]): IgnoreRule | undefined => {
  const exact = new Set<string>();
  const prefixes: string[] = [];
  const others: IgnoreRule[] = [];
  for (const rule of rules) {
    if (typeof rule === 'function') others.push(ownRule(rule));
    else if (typeof rule !== 'string') others.push(patternRule(rule));
    else if (rule.endsWith('*')) prefixes.push(rule.slice(0, -1));
    else exact.add(rule);
  }
  if (rules.length === 0) return undefined;
  return (path, method) =>
    exact.has(path) ||
    prefixes.some((prefix) => path.startsWith(prefix)) ||
    others.some((rule) => rule(path, method));
};
