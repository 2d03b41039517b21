import { parseAuthority, plainAddress } from './authority.js';
import { readForwarded } from './forwarded.js';

describe('readForwarded', () => {
  it.each<[Record<string, string>, unknown]>([
    [{}, {}],
    [
      { forwarded: 'for=192.0.2.60;proto=HTTPS;host=shop.test, for=10.0.0.1;proto=http' },
      { client: '192.0.2.60', scheme: 'https', host: 'shop.test' },
    ],
    [{ forwarded: 'For="[2001:db8::1]:4711"' }, { client: '2001:db8::1' }],
    [{ forwarded: 'for=_hidden;by=unknown' }, {}],
    [{ forwarded: 'for=unknown' }, {}],
    [{ forwarded: ';;=;for' }, {}],
    [{ forwarded: 'proto=javascript' }, {}],
    [
      {
        'x-forwarded-for': '192.0.2.60:4711, 10.0.0.1',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': 'shop.test:8443',
      },
      { client: '192.0.2.60', scheme: 'https', host: 'shop.test:8443' },
    ],
    [{ 'x-forwarded-for': '2001:db8::1' }, { client: '2001:db8::1' }],
    [{ 'x-forwarded-for': ', , ,' }, {}],
    [{ 'x-forwarded-for': 'a,'.repeat(5000) }, {}],
  ])('reads %j', (headers, found) => {
    const read = readForwarded(headers);
    expect(JSON.parse(JSON.stringify(read))).toEqual(found);
  });
});

describe('parseAuthority', () => {
  it.each([
    ['shop.test', 'http', { address: 'shop.test', port: 80 }],
    ['shop.test', 'https', { address: 'shop.test', port: 443 }],
    ['shop.test:8080', 'http', { address: 'shop.test', port: 8080 }],
    ['[::1]:3000', 'http', { address: '::1', port: 3000 }],
    ['[::1]', 'http', { address: '::1', port: 80 }],
    ['evil:99999999', 'http', { address: 'evil', port: undefined }],
    ['evil:-1', 'http', { address: 'evil', port: undefined }],
    ['evil:65536', 'http', { address: 'evil', port: undefined }],
    ['<script>', 'http', { address: '<script>', port: 80 }],
    ['', 'http', undefined],
    [':80', 'http', undefined],
  ])('reads %j over %s', (text, scheme, authority) => {
    expect(parseAuthority(text, scheme)).toEqual(authority);
  });

  it('writes an IPv4-mapped address as IPv4', () => {
    expect(plainAddress('::ffff:127.0.0.1')).toBe('127.0.0.1');
    expect(plainAddress('::1')).toBe('::1');
  });
});
