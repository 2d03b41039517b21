import { Injectable, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { OtelModule } from '@nestlens/otel';
import type { OtelModuleOptions, OtelOptionsFactory } from '@nestlens/otel';
import { OTEL_CONFIG } from '../../../otel/src/options/otel.config.js';
import { moduleCases, moduleContract } from './module.contract.js';
import type { ModuleContractOptions } from './module.contract.js';

let given: OtelModuleOptions = {};

@Injectable()
class OptionsFromClass implements OtelOptionsFactory {
  async createOtelOptions(): Promise<OtelModuleOptions> {
    await Promise.resolve();
    return given;
  }
}

@Module({ providers: [OptionsFromClass], exports: [OptionsFromClass] })
class SettingsModule {}

const appOf = async (module: DynamicModule) => {
  const testing = await Test.createTestingModule({ imports: [module] }).compile();
  return testing.createNestApplication({ logger: false }).init();
};

const contract: ModuleContractOptions = {
  config: OTEL_CONFIG,
  modules: ModulesContainer,
  moduleName: 'OtelModule',
  ways: {
    forRoot: (options) => appOf(OtelModule.forRoot(options)),
    'forRootAsync useFactory': (options) =>
      appOf(OtelModule.forRootAsync({ useFactory: () => Promise.resolve(options) })),
    'forRootAsync useClass': (options) => {
      given = options;
      return appOf(OtelModule.forRootAsync({ useClass: OptionsFromClass }));
    },
    'forRootAsync useExisting': (options) => {
      given = options;
      return appOf(
        OtelModule.forRootAsync({ imports: [SettingsModule], useExisting: OptionsFromClass }),
      );
    },
  },
};

moduleContract('OtelModule', contract);

describe('moduleContract', () => {
  it('fails a way that leads to other options', async () => {
    const other = { service: { name: 'other' } };
    const cases = moduleCases({
      ...contract,
      ways: {
        ...contract.ways,
        wrong: (options) => contract.ways.forRoot({ ...options, ...other }),
      },
    });
    const wrong = cases.filter(({ name }) => name.startsWith('wrong'));
    await expect(wrong[0]?.run()).rejects.toThrow(/contract/);
    await expect(wrong[1]?.run()).resolves.toBeUndefined();
  });
});
