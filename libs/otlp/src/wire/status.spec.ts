import { decodeStatus, decodeStatusJson, encodeStatus, encodeStatusJson } from './status.js';
import type { Status } from './status.js';

const STATUSES: readonly Status[] = [
  { code: 0, message: '' },
  { code: 3, message: 'schlechte Eingabe 🚲' },
  { code: 14, message: 'later', retryAfterMs: 0 },
  { code: 14, message: 'later', retryAfterMs: 1500 },
  { code: 8, message: '', retryAfterMs: 0.25 },
  { code: 8, message: 'in a day', retryAfterMs: 86_400_000 },
];

describe('google.rpc.Status', () => {
  it.each(STATUSES)('survives a round trip through protobuf and JSON: %j', (status) => {
    expect(decodeStatus(encodeStatus(status))).toEqual(status);
    expect(decodeStatusJson(encodeStatusJson(status))).toEqual(status);
  });

  it('has the same bytes and JSON as in other implementations', () => {
    const retryInfo = 'type.googleapis.com/google.rpc.RetryInfo';
    const any = [
      '0a28',
      Buffer.from(retryInfo).toString('hex'),
      '120a',
      '0a08',
      '0801',
      '1080cab5ee01',
    ];
    const bytes = Buffer.from(
      `080e1203${Buffer.from('now').toString('hex')}1a36${any.join('')}`,
      'hex',
    );
    expect(decodeStatus(bytes)).toEqual({ code: 14, message: 'now', retryAfterMs: 1500 });
    expect(Buffer.from(encodeStatus({ code: 14, message: 'now', retryAfterMs: 1500 }))).toEqual(
      bytes,
    );
    expect(JSON.parse(encodeStatusJson({ code: 14, message: 'now', retryAfterMs: 1500 }))).toEqual({
      code: 14,
      message: 'now',
      details: [{ '@type': retryInfo, retryDelay: '1.500000000s' }],
    });
  });

  it('skips other details and refuses an invalid delay', () => {
    expect(decodeStatusJson('{"code":5,"details":[{"@type":"x","retryDelay":7}]}')).toEqual({
      code: 5,
      message: '',
    });
    const details = '[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"soon"}]';
    expect(() => decodeStatusJson(`{"details":${details}}`)).toThrow(
      'not a duration at details[0].retryDelay',
    );
  });
});
