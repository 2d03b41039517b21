import { terminates } from '@nestlens/testing';
import { errorText, isSecretKey, maskedText } from './masked-text.js';

describe('masked text', () => {
  it.each([
    [
      'connect postgres://app:s3cr3t@db:5432/shop failed',
      'connect postgres://***@db:5432/shop failed',
    ],
    ['redis://:p@ss/w@rd@cache:6379', 'redis://***@cache:6379'],
    ['a://u:p@h and b://v:q@i', 'a://***@h and b://***@i'],
    ['host=db password=hunter2 user=app', 'host=db password=*** user=app'],
    ['{"password":"a b","user":"x"}', '{"password":***,"user":"x"}'],
    ['AccountKey=abc==;EndpointSuffix=x', 'AccountKey=***;EndpointSuffix=x'],
    ['api_key: k-123', 'api_key: ***'],
    ['Bearer abc.def-123', 'Bearer ***'],
    ['token eyJhbGciOi.eyJzdWIi.c2ln end', 'token *** end'],
    ['connect ECONNREFUSED 127.0.0.1:5432', 'connect ECONNREFUSED 127.0.0.1:5432'],
    ['http://localhost:4317 refused', 'http://localhost:4317 refused'],
  ])('hides the secrets of %s', (text, masked) => {
    expect(maskedText(text)).toBe(masked);
  });

  it('is short, and never ends in the middle of a secret', () => {
    expect(maskedText('x '.repeat(1_000_000)).length).toBeLessThanOrEqual(301);
    const cut = `${'y'.repeat(4080)} pg://user:secret-that-is-cut@host`;
    expect(maskedText(cut)).not.toContain('secret');
  });

  it('takes linear time for hostile text', () => {
    const hostile = [
      `a://${'@'.repeat(1_000_000)}`,
      'password='.repeat(100_000),
      `${'a'.repeat(500_000)}://`,
    ];
    for (const text of hostile) {
      expect(terminates(() => maskedText(text)).length).toBeLessThanOrEqual(301);
    }
  });
});

describe('error text', () => {
  it.each([
    [new Error('boom'), 'boom'],
    ['text', 'text'],
    [undefined, 'unknown error'],
    [null, 'unknown error'],
    [42, 'unknown error'],
    [{}, 'unknown error'],
    [Object.assign(new Error(''), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    [new Error('mysql://root:pw@db'), 'mysql://***@db'],
  ])('is text for %p', (error, text) => {
    expect(errorText(error)).toBe(text);
  });

  it('has a default for an error whose message throws', () => {
    const hostile = {
      get message(): string {
        throw new Error('no');
      },
    };
    expect(errorText(hostile)).toBe('unknown error');
  });
});

describe('a secret key', () => {
  it.each(['password', 'DB_PASSWORD', 'apiKey', 'x-api-key', 'Authorization', 'clientSecret'])(
    'is %s',
    (key) => expect(isSecretKey(key)).toBe(true),
  );
  it.each(['rows', 'host', 'pool', 'reason'])('is not %s', (key) =>
    expect(isSecretKey(key)).toBe(false),
  );
});
