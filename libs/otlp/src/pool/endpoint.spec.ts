import { parseEndpoint } from './endpoint.js';

describe('parseEndpoint', () => {
  it('reads host, port, path and whether TLS is spoken', () => {
    expect(parseEndpoint('https://Collector.test:4317/otlp/')).toEqual({
      tls: true,
      host: 'collector.test',
      port: 4317,
      authority: 'collector.test:4317',
      path: '/otlp',
    });
  });

  it.each([
    ['http://h', undefined, 80],
    ['https://h', undefined, 443],
    ['http://h', 4317, 4317],
    ['http://h:80', 4317, 80],
    ['https://h:443/', 4317, 443],
  ])('gives %s with default %s port %i', (url, defaultPort, port) => {
    expect(parseEndpoint(url, defaultPort).port).toBe(port);
  });

  it('keeps brackets of IPv6 in the authority only', () => {
    const { host, authority } = parseEndpoint('http://[::1]:4317');
    expect([host, authority]).toEqual(['::1', '[::1]:4317']);
  });

  it.each([
    ['unix:/run/otel.sock', '/run/otel.sock'],
    ['unix:///run/otel.sock', '/run/otel.sock'],
    ['unix:otel.sock', 'otel.sock'],
  ])('takes %s for a socket', (url, socketPath) => {
    expect(parseEndpoint(url)).toMatchObject({ socketPath, tls: false, authority: 'localhost' });
  });

  it('makes basic auth of user and password', () => {
    const { authorization, authority } = parseEndpoint('http://user:s3%20cret@h:4318');
    expect(authorization).toBe(`Basic ${Buffer.from('user:s3 cret').toString('base64')}`);
    expect(authority).toBe('h:4318');
  });

  it.each([
    'collector:4318',
    'ftp://h',
    'javascript:x',
    'http://h:99999',
    'http://:4318',
    'http://h:abc',
    'http://[::1',
    'http://h:0',
    'http://user:canary@h:99999',
    'http://h/?token=canary',
    'unix:',
    '',
  ])('refuses %p without showing it', (url) => {
    expect(() => parseEndpoint(url)).toThrow(
      expect.objectContaining({
        code: 'endpoint',
        message: expect.not.stringContaining('canary') as unknown,
      }),
    );
  });
});
