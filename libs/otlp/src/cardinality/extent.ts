/** Sum, minimum and maximum of histograms, each left out if an instrument does not have it. */
type Figure = number | undefined;

export const total = (one: Figure, other: Figure): Figure =>
  one === undefined || other === undefined ? (one ?? other) : one + other;

export const smallest = (one: Figure, other: Figure): Figure =>
  one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);

export const largest = (one: Figure, other: Figure): Figure =>
  one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);
