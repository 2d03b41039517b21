import { decodeStatus, decodeStatusJson } from '../wire/status.js';

const MAX_CHARS = 1024;

/**
 * The text of a failed reply's body: the message of its Status, which OTLP/HTTP servers send, or the readable part of
 * anything else. At most 1024 characters, no control characters. Never throws.
 */
export function messageIn(body: Buffer | undefined, contentType: string): string {
  if (body === undefined) return '';
  return statusTextIn(body, contentType) ?? readable(body.toString('utf8', 0, MAX_CHARS));
}

function statusTextIn(body: Buffer, contentType: string): string | undefined {
  try {
    if (contentType.startsWith('application/x-protobuf')) {
      return shown(decodeStatus(body).message);
    }
    if (contentType.startsWith('application/json')) {
      return shown(decodeStatusJson(body.toString()).message);
    }
  } catch {
    // The body is not a Status.
  }
  return undefined;
}

function shown(text: string): string | undefined {
  return text === ''
    ? undefined
    : text
        .slice(0, MAX_CHARS)
        .replace(/\p{Cc}+/gu, ' ')
        .trim();
}

function readable(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, ' ').trim();
}
