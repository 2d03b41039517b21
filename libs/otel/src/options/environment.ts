import { distance } from 'fastest-levenshtein';
import { shown } from './shown.js';
import { VARIABLES } from './variables.js';
import type { ValueOf, Variable, VariableName } from './variables.js';

const QUOTED = /^(['"]).*\1$/;
const QUOTES = 'its quotes are part of the value; write it without them';

/** The beginning of a name that is likely meant for us: `OTEL_` and its typos. */
const LIKE_OURS = /^(O[A-Z]{2,4}|NESTLENS?)_/i;
/** A name that differs in more letters than this is more likely a foreign variable. */
const MOST_WRONG = 2;
const OURS = Object.keys(VARIABLES).filter((name) => /^(OTEL|NESTLENS)_/.test(name));

/**
 * The one reader of environment variables, by the rules of {@link VARIABLES} and of the specification: empty is unset,
 * and a value that cannot be understood is ignored with one warning. Never throws.
 * Source: specification, configuration, "Parsing empty value" and "Configuration types".
 */
export class Environment {
  readonly #variables: NodeJS.ProcessEnv;
  readonly #warnings = new Map<string, string>();

  /** Default: the variables of this process. */
  constructor(variables: NodeJS.ProcessEnv = process.env) {
    this.#variables = variables;
  }

  /** The raw variables, for readers with rules of their own: proxies and the masks of secrets. */
  get variables(): NodeJS.ProcessEnv {
    return this.#variables;
  }

  /** One text per variable that was ignored; to be printed once. */
  get warnings(): readonly string[] {
    return [...this.#warnings.values()];
  }

  get<N extends VariableName>(name: N): ValueOf<N> | undefined {
    const text = this.#text(name);
    if (text === undefined) return undefined;
    const rule: Variable<unknown> = VARIABLES[name];
    return rule.read(text, (why) => this.warn(name, why)) as ValueOf<N> | undefined;
  }

  isSet(name: VariableName): boolean {
    return (this.#variables[name] ?? '').trim() !== '';
  }

  warn(name: VariableName, why: string): void {
    const before = this.#warnings.get(name);
    if (before === undefined) {
      this.#warnings.set(name, `${name}=${shown(name, this.#variables[name]) ?? ''}: ${why}.`);
    } else if (before.endsWith(`${QUOTES}.`) && why !== QUOTES) {
      // The quotes are the cause. The warning also has to say how the value is used.
      this.#warnings.set(name, `${before.slice(0, -1)}; ${why}.`);
    }
  }

  /** Warns of each unknown variable whose name is nearly one of ours. Its value may be a secret. */
  warnOfMisspelt(): void {
    for (const name of Object.keys(this.#variables)) {
      if (!LIKE_OURS.test(name) || name in VARIABLES) continue;
      const meant = OURS.find((known) => isNear(name, known));
      if (meant === undefined || this.#isSameOnWindows(name, meant)) continue;
      this.#warnings.set(name, `${name}: no such variable is read; did you mean ${meant}?`);
    }
  }

  /** On Windows the case of a name does not count. */
  #isSameOnWindows(name: string, meant: string): boolean {
    return name.toUpperCase() === meant && this.#variables[meant] !== undefined;
  }

  #text(name: VariableName): string | undefined {
    const value = this.#variables[name]?.trim();
    // Docker's --env-file and Kubernetes' YAML in YAML keep them.
    if (value !== undefined && QUOTED.test(value)) this.warn(name, QUOTES);
    return value === '' ? undefined : value;
  }
}

const isNear = (name: string, known: string): boolean =>
  Math.abs(name.length - known.length) <= MOST_WRONG &&
  distance(name.toUpperCase(), known) <= MOST_WRONG;
