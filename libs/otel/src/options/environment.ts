import { shown } from './shown.js';

/** The largest wait that a timer of Node takes. */
export const MAX_TIMER_MS = 2_147_483_647;

const known = (names: readonly string[]): string => names.join(', ');

const QUOTED = /^(['"]).*\1$/;
const QUOTES = 'its quotes are part of the value; write it without them';

/**
 * Reads `OTEL_*` variables by the rules of the specification (configuration, "Parsing empty value" and
 * "Configuration types"): empty is unset, and a value that cannot be understood is ignored with one
 * warning. Never throws.
 */
export class Environment {
  readonly #variables: NodeJS.ProcessEnv;
  readonly #warnings = new Map<string, string>();

  constructor(variables: NodeJS.ProcessEnv) {
    this.#variables = variables;
  }

  /** One text per variable that was ignored; to be printed once. */
  get warnings(): readonly string[] {
    return [...this.#warnings.values()];
  }

  text(name: string): string | undefined {
    const value = this.#variables[name]?.trim();
    // Docker's --env-file and Kubernetes' YAML in YAML keep them.
    if (value !== undefined && QUOTED.test(value)) {
      this.warn(name, QUOTES);
    }
    return value === '' ? undefined : value;
  }

  /** Only `true`, in any case, is true. */
  flag(name: string): boolean | undefined {
    const value = this.text(name)?.toLowerCase();
    if (value === undefined) return undefined;
    if (value !== 'true' && value !== 'false') {
      this.warn(name, 'only "true" and "false" are understood; taken as false');
    }
    return value === 'true';
  }

  /** A whole number written in decimal digits. */
  count(name: string, min: number, max = MAX_TIMER_MS): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (number >= min && number <= max) return number;
    this.warn(name, `a whole number from ${min} to ${max} is needed; the default is used`);
    return undefined;
  }

  /** From 0 to 1. */
  ratio(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = Number(value);
    if (number >= 0 && number <= 1) return number;
    this.warn(name, 'a number from 0 to 1 is needed; the default is used');
    return undefined;
  }

  oneOf<N extends string>(name: string, names: readonly N[]): N | undefined {
    const value = this.text(name)?.toLowerCase();
    if (value === undefined) return undefined;
    const match = names.find((candidate) => candidate === value);
    if (match === undefined) this.warn(name, `one of ${known(names)} is needed; ignored`);
    return match;
  }

  /** A comma list without repetitions. `undefined` where nothing of it is known. */
  listOf<N extends string>(name: string, names: readonly N[]): readonly N[] | undefined {
    const words = this.text(name)?.split(',');
    if (words === undefined) return undefined;
    const found = new Set<N>();
    for (const word of words.map((part) => part.trim().toLowerCase()).filter(Boolean)) {
      const match = names.find((candidate) => candidate === word);
      if (match === undefined) this.warn(name, `known are ${known(names)}; the rest is ignored`);
      else found.add(match);
    }
    if (found.size > 1 && found.has('none' as N)) {
      this.warn(name, '"none" stands for nothing at all; the rest is ignored');
    }
    return found.size > 0 ? [...found] : undefined;
  }

  warn(name: string, why: string): void {
    const before = this.#warnings.get(name);
    if (before === undefined) {
      this.#warnings.set(name, `${name}=${shown(name, this.#variables[name]) ?? ''}: ${why}.`);
    } else if (before.endsWith(`${QUOTES}.`) && why !== QUOTES) {
      // The quotes are the cause; what becomes of the value is to be said too.
      this.#warnings.set(name, `${before.slice(0, -1)}; ${why}.`);
    }
  }
}
