/** The longest wait that a timer of Node takes. */
export const MAX_TIMER_MS = 2_147_483_647;

/** The allowed values of a variable, and how it is read. */
export interface VariableRule<T> {
  /** In words, for the documentation. */
  readonly holds: string;
  /** Undefined for a value that cannot be understood; `warn` gets the reason. The text is trimmed and not empty. */
  read(text: string, warn: (why: string) => void): T | undefined;
}

export const text: VariableRule<string> = { holds: 'text', read: (value) => value };

/** Only `true`, in any case, is true. */
export const flag: VariableRule<boolean> = {
  holds: '`true` or `false`',
  read(value, warn) {
    const word = value.toLowerCase();
    if (word !== 'true' && word !== 'false') {
      warn('only "true" and "false" are understood; taken as false');
    }
    return word === 'true';
  },
};

/** A whole number in decimal digits. */
export const count = (min: number, max = MAX_TIMER_MS): VariableRule<number> => ({
  holds: max === MAX_TIMER_MS ? `a whole number from ${min}` : `a whole number, ${min} to ${max}`,
  read(value, warn) {
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (number >= min && number <= max) return number;
    warn(`a whole number from ${min} to ${max} is needed; the default is used`);
    return undefined;
  },
});

export const ratio: VariableRule<number> = {
  holds: 'a number, 0 to 1',
  read(value, warn) {
    const number = Number(value);
    if (number >= 0 && number <= 1) return number;
    warn('a number from 0 to 1 is needed; the default is used');
    return undefined;
  },
};

const code = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');

export const oneOf = <N extends string>(names: readonly N[]): VariableRule<N> => ({
  holds: `one of ${code(names)}`,
  read(value, warn) {
    const word = value.toLowerCase();
    const match = names.find((name) => name === word);
    if (match === undefined) warn(`one of ${names.join(', ')} is needed; ignored`);
    return match;
  },
});

/** A list with commas, without repetitions. Undefined if no word of it is known. */
export const listOf = <N extends string>(names: readonly N[]): VariableRule<readonly N[]> => ({
  holds: `a list of ${code(names)}`,
  read(value, warn) {
    const found = new Set<N>();
    for (const word of wordsOf(value.toLowerCase())) {
      const match = names.find((name) => name === word);
      if (match === undefined) warn(`known are ${names.join(', ')}; the rest is ignored`);
      else found.add(match);
    }
    if (found.size > 1 && found.has('none' as N)) {
      warn('"none" stands for nothing at all; the rest is ignored');
    }
    return found.size > 0 ? [...found] : undefined;
  },
});

/** A list of arbitrary words with commas. Their case counts. */
export const words: VariableRule<readonly string[]> = {
  holds: 'a list of words',
  read(value) {
    const found = wordsOf(value);
    return found.length > 0 ? found : undefined;
  },
};

const wordsOf = (list: string): readonly string[] =>
  list
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
