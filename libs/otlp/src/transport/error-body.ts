import { decodeStatus, decodeStatusJson } from '../wire/status.js';

const MAX_CHARS = 1024;

/**
 * What the body of a reply that is no success says: the text of its Status, which servers of OTLP/HTTP answer with, or
 * the readable part of anything else. At most 1024 characters, none of control. Never throws.
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
    // Not a Status after all.
  }
  return undefined;
}

const shown = (text: string): string | undefined =>
  text === ''
    ? undefined
    : text
        .slice(0, MAX_CHARS)
        .replace(/\p{Cc}+/gu, ' ')
        .trim();

const readable = (text: string): string => text.replace(/[^\x20-\x7e]+/g, ' ').trim();
