import { resolveRpc } from './rpc.settings.js';

describe('resolveRpc', () => {
  it('observes both sides and ignores health and reflection by default', () => {
    const settings = resolveRpc(undefined, {});
    expect(settings).toMatchObject({
      server: true,
      client: true,
      requestMetadata: [],
      exceptionSignal: 'event',
    });
    expect(settings.ignores('grpc.health.v1.Health/Check')).toBe(true);
    expect(settings.ignores('grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo')).toBe(
      true,
    );
    expect(settings.ignores('shop.v1.Health/Check')).toBe(false);
    expect(Object.isFrozen(settings)).toBe(true);
  });

  it('takes methods and whole services, with or without the slash of the wire', () => {
    const { ignores } = resolveRpc({ ignore: ['shop.v1.Orders/Get', '/shop.v1.Users/*'] }, {});
    expect(ignores('shop.v1.Orders/Get')).toBe(true);
    expect(ignores('shop.v1.Orders/GetAll')).toBe(false);
    expect(ignores('shop.v1.Users/Any')).toBe(true);
    expect(ignores('grpc.health.v1.Health/Check')).toBe(false);
  });

  it('keeps metadata keys in lower case, once', () => {
    expect(resolveRpc({ requestMetadata: ['X-Id', 'x-id', 'b'] }, {}).requestMetadata).toEqual([
      'x-id',
      'b',
    ]);
  });

  it.each([
    ['logs', 'log'],
    ['logs/dup', 'both'],
    ['logs, logs/dup', 'both'],
    ['spans', 'event'],
    ['', 'event'],
  ])('reads the exception signal %s as %s', (optIn, signal) => {
    const env = { OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN: optIn };
    expect(resolveRpc({}, env).exceptionSignal).toBe(signal);
  });
});
