import type { RpcOptions } from '../options/otel.options.js';
import { resolveConfig } from '../options/resolve.js';
import { rpcSettings } from './rpc.settings.js';

const settingsOf = (rpc: RpcOptions) => rpcSettings(resolveConfig({ rpc }, {}));

describe('rpcSettings', () => {
  it('instrument servers and clients by default, and ignore health and reflection', () => {
    const settings = settingsOf({});
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

  it('ignore methods and whole services', () => {
    const { ignores } = settingsOf({ ignore: ['shop.v1.Orders/Get', 'shop.v1.Users/*'] });
    expect(ignores('shop.v1.Orders/Get')).toBe(true);
    expect(ignores('shop.v1.Orders/GetAll')).toBe(false);
    expect(ignores('shop.v1.Users/Any')).toBe(true);
    expect(ignores('grpc.health.v1.Health/Check')).toBe(false);
  });

  it('keep each metadata key once, in lower case', () => {
    expect(settingsOf({ requestMetadata: ['X-Id', 'x-id', 'b'] }).requestMetadata).toEqual([
      'x-id',
      'b',
    ]);
  });
});
