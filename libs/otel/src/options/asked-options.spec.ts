import { inspect } from 'node:util';
import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { OtelModuleAsyncOptions, OtelOptionsFactory } from '../otel.module-definition.js';
import { OtelModule } from '../otel.module.js';

@Injectable()
class ConfigService {
  get(): unknown {
    return undefined;
  }
}

@Module({ providers: [ConfigService], exports: [ConfigService] })
class ConfigModule {}

@Injectable()
class OptionsFromClass implements OtelOptionsFactory {
  createOtelOptions(): never {
    throw new Error('no such file: postgres://app:canary@db/shop');
  }
}

/** The error that stops the start of an app with these asynchronous options. */
const errorOf = async (options: OtelModuleAsyncOptions): Promise<Error> => {
  const modules = Test.createTestingModule({ imports: [OtelModule.forRootAsync(options)] });
  try {
    await modules.compile();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it started');
};

const from = (useFactory: (config: ConfigService) => unknown): OtelModuleAsyncOptions => ({
  imports: [ConfigModule],
  inject: [ConfigService],
  useFactory: useFactory as never,
});

describe('asynchronous options', () => {
  it('stop the start if they are undefined, and the message names the factory', async () => {
    for (const useFactory of [
      (config: ConfigService) => config.get(),
      (config: ConfigService) => Promise.resolve(config.get()),
    ]) {
      const { message } = await errorOf(from(useFactory));
      expect(message).toContain('forRootAsync(useFactory of ConfigService): it gave undefined;');
    }
  });

  it('stop the start if the factory throws, and the message names it and masks secrets', async () => {
    const thrown = await errorOf({ useClass: OptionsFromClass });
    expect(thrown.message).toContain(
      'forRootAsync(OptionsFromClass.createOtelOptions): it threw: no such file: postgres://***@db/shop',
    );
    expect(thrown.message).not.toContain('canary');
    expect(thrown.cause).toBeInstanceOf(Error);
    const rejected = await errorOf(from(() => Promise.reject(new Error('not yet'))));
    expect(rejected.message).toContain('(useFactory of ConfigService): it threw: not yet');
  });

  it('are validated like options in code', async () => {
    for (const [endpoint, found] of [
      [Promise.resolve('http://h:4317'), 'an object'],
      [7, '7'],
      [null, 'null'],
    ] as const) {
      const { message } = await errorOf(from(() => ({ otlp: { endpoint } })));
      expect(message).toContain(`otlp.endpoint: found ${found}; write a string`);
    }
    expect((await errorOf(from(() => null))).message).toContain('options: found null;');
  });

  it('show no secret in the dynamic module', async () => {
    const options = { otlp: { auth: { type: 'bearer', token: 'canary-token' } } } as const;
    const provided = OtelModule.forRoot(options);
    expect(inspect(provided, { depth: null, showHidden: true })).not.toContain('canary');
    expect(JSON.stringify(provided)).not.toContain('canary');
  });
});
