/** What a handler answers. The body is turned into JSON by the server. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export function ok(body: unknown): Answer {
  return { status: 200, body };
}

/** Every failure of the API has this shape; `code` is stable, `message` says what to do. */
export function failure(status: number, code: string, message: string): Answer {
  return { status, body: { error: { code, message } } };
}
