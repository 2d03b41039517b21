import { ClientOrigins, fullUrl } from './client-target.js';

describe('ClientOrigins', () => {
  it.each([
    [
      'http://shop.test',
      { scheme: 'http', address: 'shop.test', port: 80, base: 'http://shop.test' },
    ],
    ['https://shop.test:443', { address: 'shop.test', port: 443, base: 'https://shop.test' }],
    [
      'http://user:word@shop.test:8080',
      { address: 'shop.test', port: 8080, base: 'http://shop.test:8080' },
    ],
    ['http://[::1]:3000', { address: '::1', port: 3000, base: 'http://[::1]:3000' }],
  ])('reads %s', (origin, read) => {
    expect(new ClientOrigins([]).find(origin)).toMatchObject({ ...read, ignored: false });
  });

  it('finds nothing for a text that is no origin', () => {
    const origins = new ClientOrigins([]);
    expect(origins.find('nonsense')).toBeUndefined();
    expect(origins.find('nonsense')).toBeUndefined();
  });

  it.each<[string | RegExp, boolean]>([
    ['SHOP.test', true],
    ['shop.test:8080', true],
    ['shop.test:80', false],
    ['other.test', false],
    [/^shop\./, true],
    [/:8080$/g, true],
  ])('with the rule %s ignores an origin: %s', (rule, ignored) => {
    expect(new ClientOrigins([rule]).find('http://shop.test:8080')?.ignored).toBe(ignored);
  });
});

describe('fullUrl', () => {
  const sensitive = new Set(['sig']);
  it.each([
    ['/a?b=1&sig=2#c', 'http://shop.test/a?b=1&sig=REDACTED'],
    ['/a@b', 'http://shop.test/a@b'],
    ['*', 'http://shop.test*'],
    ['http://u:p@x.test/a?sig=1', 'http://REDACTED:REDACTED@x.test/a?sig=REDACTED'],
    ['http://x.test/a@b', 'http://x.test/a@b'],
    ['http://u@x.test', 'http://REDACTED:REDACTED@x.test'],
  ])('makes a URL of %s: %s', (path, url) => {
    expect(fullUrl('http://shop.test', path, sensitive)).toBe(url);
  });
});
