import { decodeExportRequestJson } from './json-export-request.js';
import type { LogRecord, Span } from './model.js';
import { WireError } from './wire-error.js';

type Json = Record<string, unknown>;

/** Decodes one span from JSON text. */
function span(fields: Json): Span {
  const request = { resourceSpans: [{ scopeSpans: [{ spans: [fields] }] }] };
  return decodeExportRequestJson('traces', JSON.stringify(request))
    .groups.at(0)!
    .scopes.at(0)!
    .items.at(0)!;
}

/** Decodes one log record from the JSON text of its fields. */
function record(fields: string): LogRecord {
  const request = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{${fields}}]}]}]}`;
  return decodeExportRequestJson('logs', request).groups.at(0)!.scopes.at(0)!.items.at(0)!;
}

function fault(read: () => unknown): string {
  try {
    read();
    return 'none';
  } catch (error) {
    if (error instanceof WireError) return `${error.code}: ${error.message}`;
    throw error;
  }
}

function nest(depth: number, open: string, close: string): string {
  return `${open.repeat(depth)}{"intValue":1}${close.repeat(depth)}`;
}

function nested(depth: number): LogRecord {
  return record(`"body":${nest(depth, '{"arrayValue":{"values":[', ']}}')}`);
}

const SPAN = 'resourceSpans[0].scopeSpans[0].spans[0]';

describe('decodeExportRequestJson', () => {
  it('reads text and parsed values the same, and uses defaults for missing and null fields', () => {
    const empty = { signal: 'traces', groups: [] };
    expect(decodeExportRequestJson('traces', '{}')).toEqual(empty);
    expect(decodeExportRequestJson('traces', {})).toEqual(empty);
    expect(decodeExportRequestJson('traces', '{"resourceSpans":null}')).toEqual(empty);
    expect(span({ name: null, status: null, kind: null, startTimeUnixNano: null })).toEqual(
      span({}),
    );
    expect(span({})).toMatchObject({ traceId: '', kind: 0, startTime: 0n, status: { code: 0 } });
  });

  it('reads ids in upper-case and lower-case hex', () => {
    expect(span({ traceId: 'ABCDEF0123456789abcdef0123456789' }).traceId).toBe(
      'abcdef0123456789abcdef0123456789',
    );
  });

  it.each([
    ['base64 ids', { traceId: 'CvdlGRbNQ92ESOshHIAxnA==' }, `not hex at ${SPAN}.traceId`],
    ['ids of odd length', { spanId: 'abc' }, `not hex at ${SPAN}.spanId`],
    ['enum names', { kind: 'SPAN_KIND_SERVER' }, `${SPAN}.kind`],
    ['enum names of status', { status: { code: 'STATUS_CODE_OK' } }, `${SPAN}.status.code`],
    ['a name that is a number', { name: 7 }, `not a string at ${SPAN}.name`],
    ['a negative count', { droppedEventsCount: -1 }, `${SPAN}.droppedEventsCount`],
    ['a fraction', { startTimeUnixNano: 1.5 }, `not an integer at ${SPAN}.startTimeUnixNano`],
    ['a negative time', { startTimeUnixNano: '-1' }, `${SPAN}.startTimeUnixNano`],
    [
      'a time above 64 bits',
      { endTimeUnixNano: '18446744073709551616' },
      `${SPAN}.endTimeUnixNano`,
    ],
    ['an object for a list', { events: {} }, `not an array at ${SPAN}.events`],
    ['a list for an object', { status: [] }, `not an object at ${SPAN}.status`],
    ['a string for an object', { events: ['x'] }, `not an object at ${SPAN}.events[0]`],
    [
      'integers that are text',
      { attributes: [{ key: 'a', value: { intValue: 'x' } }] },
      `${SPAN}.attributes[0].value.intValue`,
    ],
  ])('refuses %s and names the field', (_name, fields, message) => {
    expect(fault(() => span(fields))).toMatch(/^json_value: /);
    expect(fault(() => span(fields))).toContain(message);
  });

  it('reads 64-bit integers from strings and numbers without losing digits', () => {
    expect(span({ startTimeUnixNano: '1700000000123456789' }).startTime).toBe(
      1_700_000_000_123_456_789n,
    );
    expect(record('"timeUnixNano":1700000000123456789').time).toBe(1_700_000_000_123_456_789n);
    expect(record('"timeUnixNano":"18446744073709551615"').time).toBe(2n ** 64n - 1n);
    expect(record('"body":{"intValue":"9007199254740993"}').body).toBe(9_007_199_254_740_993n);
    expect(record('"body":{"intValue":9007199254740993}').body).toBe(9_007_199_254_740_993n);
    expect(record('"body":{"intValue":-9223372036854775808}').body).toBe(-(2n ** 63n));
    expect(record('"body":{"intValue":"42"}').body).toBe(42);
    expect(record('"body":{"intValue":1e3}').body).toBe(1000);
    expect(fault(() => record('"body":{"intValue":9223372036854775808}'))).toContain('json_value');
  });

  it('reads doubles, also those that protobuf writes as JSON strings', () => {
    expect(record('"body":{"doubleValue":1.25}').body).toBe(1.25);
    expect(record('"body":{"doubleValue":"NaN"}').body).toBeNaN();
    expect(record('"body":{"doubleValue":"-Infinity"}').body).toBe(-Infinity);
    expect(record('"body":{"doubleValue":1180591620717411303424}').body).toBe(2 ** 70);
    expect(fault(() => record('"body":{"doubleValue":NaN}'))).toMatch(/^json_syntax: not JSON/);
    expect(fault(() => record('"body":{"doubleValue":"one"}'))).toContain('json_value');
  });

  it('reads bytes from standard and URL-safe base64', () => {
    expect(record('"body":{"bytesValue":"+/8="}').body).toEqual(Uint8Array.of(0xfb, 0xff));
    expect(record('"body":{"bytesValue":"-_8"}').body).toEqual(Uint8Array.of(0xfb, 0xff));
    expect(record('"body":{"bytesValue":""}').body).toEqual(new Uint8Array());
    expect(fault(() => record('"body":{"bytesValue":"not base64!"}'))).toContain('json_value');
  });

  it('reads nested values, also empty ones', () => {
    const list =
      '{"arrayValue":{"values":[{"boolValue":false},{},{"stringValue":""},{"arrayValue":{}}]}}';
    const body = `"body":{"kvlistValue":{"values":[{"key":"list","value":${list}},{"key":"none"}]}}`;
    expect(record(body).body).toEqual({ list: [false, null, '', []], none: null });
    expect(record('"body":{"kvlistValue":{}}').body).toEqual({});
  });

  it('ignores unknown fields, also those in snake_case', () => {
    const fields = { trace_id: 'zz', unknown: { deep: [1, { a: null }] }, name: 'n' };
    expect(span(fields)).toEqual(span({ name: 'n' }));
  });

  it('reads __proto__ and constructor as ordinary keys at every level', () => {
    const value = '{"stringValue":"x"}';
    const entries = `[{"key":"__proto__","value":${value}},{"key":"constructor","value":${value}}]`;
    const read = record(
      `"__proto__":{"severityText":"bad"},"constructor":{"prototype":{"a":1}},"attributes":${entries},` +
        `"body":{"__proto__":{"stringValue":"bad"},"kvlistValue":{"__proto__":1,"values":${entries}}}`,
    );
    expect(read.severityText).toBe('');
    for (const map of [read.attributes, read.body as object]) {
      expect(Object.getPrototypeOf(map)).toBeNull();
      expect(Object.entries(map)).toEqual([
        ['__proto__', 'x'],
        ['constructor', 'x'],
      ]);
    }
    expect(({} as Json)['a']).toBeUndefined();
    expect(Object.hasOwn(Object.prototype, 'severityText')).toBe(false);
  });

  it('uses the last of two equal keys', () => {
    expect(record('"severityText":"a","severityText":"b"').severityText).toBe('b');
    const twice = '[{"key":"k","value":{"intValue":1}},{"key":"k","value":{"intValue":2}}]';
    expect(record(`"attributes":${twice}`).attributes).toEqual({ k: 2 });
  });

  it('accepts a byte order mark, and refuses a value that is not an object', () => {
    expect(decodeExportRequestJson('logs', '\ufeff{}').groups).toEqual([]);
    expect(fault(() => decodeExportRequestJson('logs', '[]'))).toBe('json_value: not an object');
    expect(fault(() => decodeExportRequestJson('logs', 'null'))).toBe('json_value: not an object');
    expect(fault(() => decodeExportRequestJson('logs', ''))).toMatch(/^json_syntax/);
    expect(fault(() => decodeExportRequestJson('logs', '{"resourceLogs":[}'))).toMatch(
      /^json_syntax/,
    );
  });

  it('does not quote the body in its errors', () => {
    const message = fault(() => decodeExportRequestJson('logs', '{"password": hunter2}'));
    expect(message).toBe('json_syntax: not JSON');
  });

  it('limits the depth of values and of unknown fields', () => {
    expect(fault(() => nested(64))).toBe('none');
    expect(fault(() => nested(65))).toMatch(/^depth: .*body\.arrayValue/);
    expect(fault(() => nested(10_000))).toMatch(/^depth: /);
    expect(fault(() => record(`"unknown":${nest(100_000, '[', ']')}`))).toMatch(/^depth: /);
    expect(fault(() => decodeExportRequestJson('logs', '['.repeat(1_000_000)))).toMatch(/^depth: /);
  });

  it('ignores brackets and digits inside strings', () => {
    const text = '[{'.repeat(1000) + '\\"12345678901234567890\\\\';
    expect(record(`"body":{"stringValue":"${text}"}`).body).toHaveLength(2000 + 22);
    expect(fault(() => decodeExportRequestJson('logs', '{"a":"open'))).toMatch(/^json_syntax/);
    expect(fault(() => decodeExportRequestJson('logs', '{"a":"open\\"'))).toMatch(/^json_syntax/);
  });

  it('limits the number of records and values', () => {
    const limits = { maxRecords: 4, maxValues: 2 };
    function read(fields: Json) {
      return decodeExportRequestJson(
        'traces',
        { resourceSpans: [{ scopeSpans: [{ spans: [fields] }] }] },
        limits,
      );
    }
    expect(fault(() => read({ events: [{}] }))).toBe('none');
    expect(fault(() => read({ events: [{}, {}] }))).toBe(
      `too_many: too many records at ${SPAN}.events[1]`,
    );
    expect(fault(() => read({ attributes: [{ key: 'a' }, { key: 'b' }, { key: 'c' }] }))).toMatch(
      /^too_many/,
    );
    expect(fault(() => decodeExportRequestJson('traces', '[{},{},{},{}]', limits))).toMatch(
      /^too_many/,
    );
  });

  it('reads a text cut off or changed at any byte, or refuses it with a WireError', () => {
    const body = {
      kvlistValue: {
        values: [{ key: 'a', value: { arrayValue: { values: [{ intValue: '1' }] } } }],
      },
    };
    const logs = [
      {
        timeUnixNano: '1',
        body,
        traceId: 'ab',
        attributes: [{ key: 'k', value: { doubleValue: 1 } }],
      },
    ];
    const text = JSON.stringify({
      resourceLogs: [{ resource: {}, scopeLogs: [{ scope: {}, logRecords: logs }] }],
    });
    const seen = new Set<string>();
    for (let at = 0; at < text.length; at++) {
      seen.add(
        fault(() => decodeExportRequestJson('logs', text.slice(0, at))).split(':', 1)[0] ?? '',
      );
      for (const char of '{}[]",:0a\\-') {
        const damaged = text.slice(0, at) + char + text.slice(at + 1);
        seen.add(fault(() => decodeExportRequestJson('logs', damaged)).split(':', 1)[0] ?? '');
      }
    }
    expect([...seen].toSorted()).toEqual(['json_syntax', 'json_value', 'none']);
  });
});
