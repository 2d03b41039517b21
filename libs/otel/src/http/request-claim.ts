const CLAIMED = Symbol.for('nestlens.http.client_call');

/** `true` for the first of all who ask: several apps in one process hear of the same request. */
export const claim = (request: object): boolean => {
  const claimed = request as { [CLAIMED]?: true };
  if (claimed[CLAIMED] === true) return false;
  claimed[CLAIMED] = true;
  return true;
};
