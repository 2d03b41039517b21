import { receivedSpan } from './received-span.js';
import { expectSpanTree } from './span-tree-match.js';
import type { ExpectedSpan } from './span-tree-match.js';

const event = (name: string, attributes = {}) => ({
  name,
  attributes,
  time: 1n,
  droppedAttributesCount: 0,
});

const spans = [
  receivedSpan({
    name: 'GET /users/:id',
    kind: 2,
    service: 'users',
    spanId: '01',
    status: { code: 2, message: 'no such user' },
    attributes: { 'http.response.status_code': 404, tags: ['a', 'b'], size: 12n },
    events: [event('start'), event('exception', { 'exception.type': 'NotFound' }), event('end')],
  }),
  receivedSpan({
    name: 'SELECT',
    spanId: '02',
    parentSpanId: '01',
    attributes: { table: 'users' },
    startTime: 1n,
  }),
  receivedSpan({
    name: 'SELECT',
    spanId: '03',
    parentSpanId: '01',
    attributes: { table: 'roles' },
    startTime: 2n,
  }),
];

const check =
  (expected: ExpectedSpan | ExpectedSpan[], others = false) =>
  () =>
    expectSpanTree(spans, expected, { others });
const root = { name: 'GET /users/:id' } as const;

describe('expectSpanTree', () => {
  it.each<[string, ExpectedSpan]>([
    ['name alone', root],
    ['pattern', { name: /^GET/ }],
    [
      'kind, status, service, scope',
      {
        ...root,
        kind: 'server',
        status: 'error',
        statusMessage: /no such/,
        service: 'users',
        scope: 'test',
      },
    ],
    ['some attributes', { ...root, attributes: { 'http.response.status_code': 404 } }],
    ['lists and large integers', { ...root, attributes: { tags: ['a', 'b'], size: 12 } }],
    [
      'a predicate and an absent attribute',
      { ...root, attributes: { size: (size: unknown) => size === 12n, gone: undefined } },
    ],
    ['events in order, others between', { ...root, events: ['start', 'end'] }],
    [
      'event attributes',
      { ...root, events: [{ name: 'exception', attributes: { 'exception.type': /Not/ } }] },
    ],
    [
      'children in any order',
      {
        ...root,
        children: [
          { name: 'SELECT', attributes: { table: 'roles' } },
          { name: 'SELECT', children: [], events: [] },
        ],
      },
    ],
    [
      'a less specific child first',
      { ...root, children: [{ name: 'SELECT' }, { name: /SEL/, attributes: { table: 'users' } }] },
    ],
  ])('accepts %s', (_what, expected) => {
    expect(check(expected)).not.toThrow();
  });

  it.each<[string, ExpectedSpan, string]>([
    [
      'name',
      { name: 'GET /' },
      'users "GET /users/:id": name: expected "GET /", found "GET /users/:id"',
    ],
    ['kind', { ...root, kind: 'client' }, 'kind: expected "client", found "server"'],
    ['status', { ...root, status: 'ok' }, 'status: expected "ok", found "error"'],
    [
      'attribute',
      { ...root, attributes: { 'http.response.status_code': 200 } },
      'attribute http.response.status_code: expected 200, found 404',
    ],
    [
      'missing attribute',
      { ...root, attributes: { 'url.path': '/' } },
      'attribute url.path: expected "/", found undefined',
    ],
    [
      'attribute that must be absent',
      { ...root, attributes: { size: undefined } },
      'attribute size: found 12n',
    ],
    [
      'event',
      { ...root, events: ['end', 'start'] },
      'event start: missing, found ["start","exception","end"]',
    ],
    ['any event', { ...root, events: [] }, 'event exception: found'],
    [
      'missing child',
      { ...root, children: [{ name: 'SELECT' }, { name: 'SELECT' }, { name: 'INSERT' }] },
      'users "GET /users/:id" > "INSERT": missing',
    ],
    [
      'extra child',
      { ...root, children: [{ name: 'SELECT' }] },
      'users "GET /users/:id" > "SELECT": not expected',
    ],
    [
      'the closest child',
      {
        ...root,
        children: [
          { name: 'SELECT', attributes: { table: 'users' } },
          { name: 'SELECT', attributes: { table: 'teams' } },
        ],
      },
      '> "SELECT": attribute table: expected "teams", found "roles"',
    ],
  ])('names a wrong %s', (_what, expected, message) => {
    expect(check(expected)).toThrow(message);
  });

  it('fails if a tree is missing or not expected', () => {
    expect(check([root, { name: 'other' }])).toThrow('"other": missing');
    expect(() =>
      expectSpanTree([...spans, receivedSpan({ name: 'extra', spanId: '09' })], root),
    ).toThrow('"extra": not expected');
  });

  it('accepts other trees with `others`', () => {
    const more = [...spans, receivedSpan({ name: 'extra', spanId: '09' })];
    expect(() => expectSpanTree(more, root, { others: true })).not.toThrow();
  });

  it('prints both trees', () => {
    expect(
      check({
        ...root,
        kind: 'client',
        children: [{ name: 'SELECT', attributes: { table: 'x' } }, { name: /SEL/ }],
      }),
    ).toThrow(
      [
        'expected:',
        'GET /users/:id  kind="client"',
        '├─ SELECT  table="x"',
        '└─ /SEL/',
        '',
        'found:',
        'trace 00000000000000000000000000000001  3 spans',
        'users  GET /users/:id  server    1.00 ms  error: no such user',
      ].join('\n'),
    );
  });
});
