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

/** The error with which an app that gets its options in this way does not start. */
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

describe('options that are asked for', () => {
  it('that are undefined stop the start, by the name of what was asked', async () => {
    for (const useFactory of [
      (config: ConfigService) => config.get(),
      (config: ConfigService) => Promise.resolve(config.get()),
    ]) {
      const { message } = await errorOf(from(useFactory));
      expect(message).toContain('forRootAsync(useFactory of ConfigService): it gave undefined;');
    }
  });

  it('that are asked with an error stop the start, by name, secrets masked', async () => {
    const thrown = await errorOf({ useClass: OptionsFromClass });
    expect(thrown.message).toContain(
      'forRootAsync(OptionsFromClass.createOtelOptions): it threw: no such file: postgres://***@db/shop',
    );
    expect(thrown.message).not.toContain('canary');
    expect(thrown.cause).toBeInstanceOf(Error);
    const rejected = await errorOf(from(() => Promise.reject(new Error('not yet'))));
    expect(rejected.message).toContain('(useFactory of ConfigService): it threw: not yet');
  });

  it('that hold a promise or another value stop the start as those of the code', async () => {
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

  it('show nothing of themselves in the module that provides them', async () => {
    const options = { otlp: { auth: { type: 'bearer', token: 'canary-token' } } } as const;
    const provided = OtelModule.forRoot(options);
    expect(inspect(provided, { depth: null, showHidden: true })).not.toContain('canary');
    expect(JSON.stringify(provided)).not.toContain('canary');
  });
});
