/** The answer of a handler. The server turns the body into JSON. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export function ok(body: unknown): Answer {
  return { status: 200, body };
}

/** Every failure of the API has this shape. `code` is stable; `message` gives the remedy. */
export function failure(status: number, code: string, message: string): Answer {
  return { status, body: { error: { code, message } } };
}
