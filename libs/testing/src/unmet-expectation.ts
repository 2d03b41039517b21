/**
 * Error of every wait and matcher of this package. Codes: `ERR_SPAN_TREE`: the spans form another tree than
 * expected. `ERR_NOT_ARRIVED`: a wait reached its time limit. `ERR_LEAK`: a resource is still open.
 * `ERR_CONTRACT`: an implementation broke a contract.
 */
export class UnmetExpectation extends Error {
  readonly code: 'ERR_SPAN_TREE' | 'ERR_NOT_ARRIVED' | 'ERR_LEAK' | 'ERR_CONTRACT';

  constructor(code: UnmetExpectation['code'], message: string) {
    super(message);
    this.name = 'UnmetExpectation';
    this.code = code;
  }
}
