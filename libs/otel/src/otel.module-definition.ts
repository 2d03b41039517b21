import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { ConfigurableModuleAsyncOptions } from '@nestjs/common';
import type { OtelModuleOptions } from './options/otel.options.js';

/** Implemented by the class that `forRootAsync({ useClass | useExisting })` names. */
export interface OtelOptionsFactory {
  /** Called once, while the app starts. An error that it throws stops the start. */
  createOtelOptions(): OtelModuleOptions | Promise<OtelModuleOptions>;
}

/** The options of `OtelModule.forRootAsync`. */
export type OtelModuleAsyncOptions = ConfigurableModuleAsyncOptions<
  OtelModuleOptions,
  'createOtelOptions'
>;

/**
 * Global always: Nest then runs our hooks first at init and last in every phase of shutdown, so that the
 * flush comes after everyone else's hooks.
 */
export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<OtelModuleOptions>({ moduleName: 'Otel' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createOtelOptions')
    .setExtras({}, (definition) => ({ ...definition, global: true }))
    .build();
