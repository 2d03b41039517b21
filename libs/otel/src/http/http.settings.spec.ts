import { settingsOf } from './fixtures/settings-of.js';

describe('httpSettings', () => {
  it('has a default for each setting', () => {
    const settings = settingsOf({});
    expect(settings).toMatchObject({
      server: true,
      client: true,
      ignore: [],
      ignoreHosts: [],
      requestHeaders: [],
      responseHeaders: [],
      trustProxy: false,
      exceptionSignal: 'event',
    });
    expect(settings.knownMethods.size).toBe(10);
    expect([...settings.redactQuery]).toEqual(
      expect.arrayContaining([
        'x-amz-signature',
        'x-amz-credential',
        'x-amz-security-token',
        'awsaccesskeyid',
        'signature',
        'sig',
        'x-goog-signature',
      ]),
    );
  });

  it('takes a list from the code in place of the list from the environment', () => {
    const env = { OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS: ' GET, BREW ,,' };
    expect([...settingsOf({}, env).knownMethods]).toEqual(['GET', 'BREW']);
    expect([...settingsOf({ knownMethods: ['POST'] }, env).knownMethods]).toEqual(['POST']);
    const empty = { OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS: ' ' };
    expect(settingsOf({}, empty).knownMethods.size).toBe(10);
  });

  it('uses header names and query keys in lower case', () => {
    const settings = settingsOf(
      { requestHeaders: ['X-Shop', 'x-shop'], responseHeaders: ['ETag'], redactQuery: ['Card'] },
      {},
    );
    expect(settings.requestHeaders).toEqual(['x-shop']);
    expect(settings.responseHeaders).toEqual(['etag']);
    expect(settings.redactQuery.has('card')).toBe(true);
  });
});
