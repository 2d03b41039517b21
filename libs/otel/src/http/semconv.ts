/** Names of the semantic conventions 1.45 that its stable entry point lacks, and our own. */
export const METRIC_HTTP_SERVER_ACTIVE_REQUESTS = 'http.server.active_requests';
export const EVENT_HTTP_SERVER_REQUEST_EXCEPTION = 'http.server.request.exception';
export const EVENT_HTTP_CLIENT_REQUEST_EXCEPTION = 'http.client.request.exception';
/** Class name of the controller. Ours; the conventions have none. */
export const ATTR_NESTJS_CONTROLLER = 'nestjs.controller';
/** Name of the handler method. Ours; the conventions have none. */
export const ATTR_NESTJS_CALLBACK = 'nestjs.callback';

/** Stands for a method or an error that has no name of its own. */
export const OTHER = '_OTHER';
/** The text that replaces a sensitive value. */
export const REDACTED = 'REDACTED';

/** Advised boundaries of every request duration, in seconds (semantic conventions, HTTP metrics). */
export const DURATION_BOUNDARIES = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];
