import { isAllowedHost, isAllowedOrigin, isLoopback } from './hosts.js';

describe('hosts', () => {
  it.each(['localhost', 'LOCALHOST', 'a.b.localhost', '127.0.0.1', '127.255.0.3', '::1', '[::1]'])(
    '%s is loopback',
    (name) => expect(isLoopback(name)).toBe(true),
  );

  it.each([
    '',
    'localhost.',
    'localhost.com',
    'xlocalhost',
    '127.0.0.1.nip.io',
    '127.1',
    '0.0.0.0',
    '10.0.0.1',
    '[::2]',
    '::ffff:127.0.0.1',
  ])('%s is not loopback', (name) => expect(isLoopback(name)).toBe(false));

  it('a Host header is allowed by its name', () => {
    expect(isAllowedHost('localhost:4318', [])).toBe(true);
    expect(isAllowedHost('[::1]:4318', [])).toBe(true);
    expect(isAllowedHost('LENS:80', ['lens'])).toBe(true);
    for (const header of [
      undefined,
      '',
      ':80',
      'lens',
      'localhost:80:80',
      'localhost@evil',
      '[::1',
      'a localhost',
    ]) {
      expect(isAllowedHost(header, ['other'])).toBe(false);
    }
    expect(isAllowedHost(undefined, ['*'])).toBe(true);
  });

  it('an Origin is allowed if it is loopback', () => {
    expect(isAllowedOrigin(undefined)).toBe(true);
    expect(isAllowedOrigin('http://localhost:3000')).toBe(true);
    expect(isAllowedOrigin('https://[::1]')).toBe(true);
    for (const origin of [
      'null',
      '',
      'localhost',
      'https://evil.example',
      'http://localhost.evil.example',
      'http://localhost@evil.example',
    ]) {
      expect(isAllowedOrigin(origin)).toBe(false);
    }
  });
});
