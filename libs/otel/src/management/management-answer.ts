import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ManagementHandler, ManagementPlace } from './management-routes.js';

/** Answers with a small JSON body. A HEAD request gets the same headers and no body. */
export const answerJson = (res: ServerResponse, status: number, body: unknown): void => {
  const text = JSON.stringify(body);
  res.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  });
  res.end(text);
};

const answerFailure = (res: ServerResponse): void => {
  if (res.headersSent) res.destroy();
  else answerJson(res, 500, { status: 'error' });
};

/** Lets a handler answer GET and HEAD. Any fault of the handler ends in a 500, never in a throw. */
export const serveManagement = (
  handler: ManagementHandler,
  req: IncomingMessage,
  res: ServerResponse,
  place: ManagementPlace,
): void => {
  if (req.method !== 'GET' && req.method !== 'HEAD') {
    res.setHeader('allow', 'GET, HEAD');
    answerJson(res, 405, { status: 'error', message: 'Method not allowed' });
    return;
  }
  try {
    const result: unknown = handler(req, res, place);
    // Handlers are typed as synchronous, but an async one fits that type too.
    if (result instanceof Object && 'catch' in result) {
      (result as Promise<unknown>).catch(() => answerFailure(res));
    }
  } catch {
    answerFailure(res);
  }
};
