import { GRPC_PORT, originOf, parseEndpoint, readEndpoint, urlOf } from './endpoint.js';

describe('parseEndpoint', () => {
  it('reads host, port, path and TLS', () => {
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

  it('keeps the brackets of IPv6 only in the authority', () => {
    const { host, authority } = parseEndpoint('http://[::1]:4317');
    expect([host, authority]).toEqual(['::1', '[::1]:4317']);
  });

  it.each([
    ['unix:/run/otel.sock', '/run/otel.sock'],
    ['unix:///run/otel.sock', '/run/otel.sock'],
    ['unix:otel.sock', 'otel.sock'],
  ])('reads %s as a Unix socket', (url, socketPath) => {
    expect(parseEndpoint(url)).toMatchObject({ socketPath, tls: false, authority: 'localhost' });
  });

  it('turns user and password into basic credentials', () => {
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
  ])('refuses %p and does not show it', (url) => {
    expect(() => parseEndpoint(url)).toThrow(
      expect.objectContaining({
        code: 'endpoint',
        message: expect.not.stringContaining('canary') as unknown,
      }),
    );
  });
});

describe('readEndpoint', () => {
  it.each([
    ['collector:4318', 'scheme'],
    ['http:///h', 'scheme'],
    ['http://h:99999', 'url'],
    ['http://h/?token=a', 'query'],
    ['http://h/#a', 'query'],
    ['http://h:0', 'port'],
    ['unix:', 'socket'],
    ['unix:/a\0b', 'socket'],
  ])('names the fault of %j: %s', (text, fault) => {
    expect(readEndpoint(text)).toEqual({ kind: 'fault', fault });
  });

  it.each([
    ['http://anna:canary@h', 'grpc', 'http://h:4317/'],
    ['https://h:443/path', 'grpc', 'https://h:443/path'],
    ['http://h:80/v1/logs', 'http/json', 'http://h/v1/logs'],
    ['https://[::1]:443', 'http/protobuf', 'https://[::1]/'],
    ['https://H:4318/a/', 'http/protobuf', 'https://h:4318/a'],
    ['unix:///run/otel.sock', 'grpc', 'unix:/run/otel.sock'],
  ] as const)('writes %s over %s as %s', (text, protocol, url) => {
    const endpoint = parseEndpoint(text, protocol === 'grpc' ? GRPC_PORT : undefined);
    expect(urlOf(endpoint, protocol)).toBe(url);
    expect(url.startsWith(originOf(endpoint, protocol))).toBe(true);
    // The URL must lead to the same place when it is read again.
    const again = parseEndpoint(url, protocol === 'grpc' ? GRPC_PORT : undefined);
    expect([again.authority, again.path, again.socketPath]).toEqual([
      endpoint.authority,
      endpoint.path,
      endpoint.socketPath,
    ]);
  });
});
