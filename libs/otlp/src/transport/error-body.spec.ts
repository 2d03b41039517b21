import { encodeStatus, encodeStatusJson } from '../wire/status.js';
import { messageIn } from './error-body.js';

const status = { code: 14, message: 'zu groß\u001b[2J\n', retryAfterMs: 1000 };

it.each([
  ['application/x-protobuf', Buffer.from(encodeStatus(status))],
  ['application/json; charset=utf-8', Buffer.from(encodeStatusJson(status))],
])('the message of a Status in %s is its text without control characters', (type, body) => {
  expect(messageIn(body, type)).toBe('zu groß [2J');
});

it.each([
  ['a page', 'text/html', '<p>größer\u0007</p>', '<p>gr er </p>'],
  ['a body that is not a Status', 'application/x-protobuf', 'no: Status', 'no: Status'],
  ['other JSON', 'application/json', '{"error":"full"}', '{"error":"full"}'],
  ['invalid JSON', 'application/json', '{"message":', '{"message":'],
  ['nothing', 'application/x-protobuf', '', ''],
])('the message of %s is its readable text', (_what, type, body, text) => {
  expect(messageIn(Buffer.from(body), type)).toBe(text);
});

it('a message has at most 1024 characters, and is empty if the body was cut off', () => {
  const body = Buffer.from(encodeStatus({ code: 3, message: 'x'.repeat(5000) }));
  expect(messageIn(body, 'application/x-protobuf')).toHaveLength(1024);
  expect(messageIn(Buffer.alloc(5000, 'x'), 'text/plain')).toHaveLength(1024);
  expect(messageIn(undefined, 'application/x-protobuf')).toBe('');
});
