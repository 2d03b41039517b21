/** Sum, minimum and maximum of histograms, each left out if an instrument does not have it. */
type Figure = number | undefined;

export function total(one: Figure, other: Figure): Figure {
  return one === undefined || other === undefined ? (one ?? other) : one + other;
}

export function smallest(one: Figure, other: Figure): Figure {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}

export function largest(one: Figure, other: Figure): Figure {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);
}
