type Version = readonly [major: number, minor: number, patch: number];

const COMPARATOR =
  /^(\^|~|>=|<=|>|<|=)?v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-[\w.-]+)?(?:\+[\w.-]+)?$/;

const compare = (a: Version, b: Version): number => a[0] - b[0] || a[1] - b[1] || a[2] - b[2];

const parsed = (text: string): Version | undefined => {
  const [, , major, minor = '0', patch = '0'] = COMPARATOR.exec(text) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor), Number(patch)];
};

/** The first version that a caret range no longer takes: up to the first digit that is not 0. */
const caretEnd = ([major, minor, patch]: Version): Version => {
  if (major > 0) return [major + 1, 0, 0];
  return minor > 0 ? [0, minor + 1, 0] : [0, 0, patch + 1];
};

const meets = (version: Version, comparator: string): boolean => {
  const [, operator = '=', , minor, patch] = COMPARATOR.exec(comparator) ?? [];
  const bound = parsed(comparator);
  if (bound === undefined) return false;
  const order = compare(version, bound);
  switch (operator) {
    case '^':
      return order >= 0 && compare(version, caretEnd(bound)) < 0;
    case '~':
      return order >= 0 && compare(version, [bound[0], bound[1] + 1, 0]) < 0;
    case '>=':
      return order >= 0;
    case '>':
      return order > 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    default:
      if (minor === undefined) return version[0] === bound[0];
      return patch === undefined ? version[0] === bound[0] && version[1] === bound[1] : order === 0;
  }
};

/**
 * Returns true if `version` is within `range`. It knows the ranges that our manifests use: `^1.2.3`, `~1.2.3`,
 * `>=1.2 <2`, `1.2.3`, `*`, and `||` between them. A version before a release counts as that release. False for a version or
 * a range that cannot be read.
 */
export const isInRange = (version: string, range: string): boolean => {
  const given = parsed(version);
  if (given === undefined) return false;
  return range
    .split('||')
    .map((part) => part.trim())
    .some(
      (part) => part === '*' || part.split(/\s+/).every((comparator) => meets(given, comparator)),
    );
};
