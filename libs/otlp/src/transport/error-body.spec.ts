import { encodeStatus, encodeStatusJson } from '../wire/status.js';
import { messageIn } from './error-body.js';

const status = { code: 14, message: 'zu groß\u001b[2J\n', retryAfterMs: 1000 };

it.each([
  ['application/x-protobuf', Buffer.from(encodeStatus(status))],
  ['application/json; charset=utf-8', Buffer.from(encodeStatusJson(status))],
])('a Status in %s tells its text, not its bytes', (type, body) => {
  expect(messageIn(body, type)).toBe('zu groß [2J');
});

it.each([
  ['a page', 'text/html', '<p>größer\u0007</p>', '<p>gr er </p>'],
  ['a body that is not a Status', 'application/x-protobuf', 'no: Status', 'no: Status'],
  ['other JSON', 'application/json', '{"error":"full"}', '{"error":"full"}'],
  ['JSON that is none', 'application/json', '{"message":', '{"message":'],
  ['nothing', 'application/x-protobuf', '', ''],
])('%s tells what can be read of it', (_what, type, body, text) => {
  expect(messageIn(Buffer.from(body), type)).toBe(text);
});

it('is at most 1024 characters, and none where the body was cut off', () => {
  const body = Buffer.from(encodeStatus({ code: 3, message: 'x'.repeat(5000) }));
  expect(messageIn(body, 'application/x-protobuf')).toHaveLength(1024);
  expect(messageIn(Buffer.alloc(5000, 'x'), 'text/plain')).toHaveLength(1024);
  expect(messageIn(undefined, 'application/x-protobuf')).toBe('');
});
