import { request } from 'node:http';
import type { Agent, IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Module } from '@nestjs/common';
import type { DynamicModule, INestApplication, Provider, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { resolveHealth } from '../../libs/otel/src/health/health-settings.js';
import { HEALTH_IMPORTS, HEALTH_PROVIDERS } from '../../libs/otel/src/health/health.providers.js';
import { HEALTH_SETTINGS } from '../../libs/otel/src/health/health.tokens.js';
import { AdapterHooks } from '../../libs/otel/src/http/adapter-hooks.js';
import { LIFECYCLE_PROVIDERS } from '../../libs/otel/src/lifecycle/lifecycle.providers.js';
import { SHUTDOWN_SETTINGS } from '../../libs/otel/src/lifecycle/lifecycle.tokens.js';
import { resolveShutdown } from '../../libs/otel/src/lifecycle/shutdown-settings.js';
import { MANAGEMENT_PROVIDERS } from '../../libs/otel/src/management/management.providers.js';
import type { HealthOptions, ShutdownOptions } from '../../libs/otel/src/options/otel.options.js';
import { OTEL_ENGINE } from '../../libs/otel/src/otel.tokens.js';
import type { ExportEngine, SignalStatus } from '../../libs/otel/src/providers/engine.js';
import { Inventory } from '../../libs/otel/src/report/inventory.js';

export type Platform = 'express' | 'fastify';
export const PLATFORMS: readonly Platform[] = ['express', 'fastify'];

const NOTHING: SignalStatus = {
  accepted: 0,
  rejected: 0,
  dropped: {},
  queued: 0,
  last: { outcome: 'none' },
};

/** An engine that sends nothing, to the given places. */
export function idleEngine(urls: readonly string[]): ExportEngine {
  return {
    name: 'idle',
    destinations: urls.map((url) => ({ signal: 'traces', protocol: 'grpc', url })),
    spanProcessor: undefined,
    logRecordProcessor: undefined,
    metricReader: undefined,
    status: () => ({ traces: NOTHING, metrics: NOTHING, logs: NOTHING }),
  };
}

export interface HealthAppOptions {
  health?: HealthOptions;
  shutdown?: ShutdownOptions;
  engine?: ExportEngine;
}

@Module({})
class HealthAppModule {}

/** The health, management and lifecycle rooms as OtelModule puts them together: one global module. */
export function healthModule(options: HealthAppOptions = {}): DynamicModule {
  return {
    module: HealthAppModule,
    global: true,
    imports: HEALTH_IMPORTS,
    providers: [
      { provide: HEALTH_SETTINGS, useValue: resolveHealth(options.health) },
      { provide: SHUTDOWN_SETTINGS, useValue: resolveShutdown(options.shutdown, {}) },
      { provide: OTEL_ENGINE, useValue: options.engine ?? idleEngine([]) },
      AdapterHooks,
      Inventory,
      ...LIFECYCLE_PROVIDERS,
      ...MANAGEMENT_PROVIDERS,
      ...HEALTH_PROVIDERS,
    ],
    exports: [...LIFECYCLE_PROVIDERS, ...MANAGEMENT_PROVIDERS, ...HEALTH_PROVIDERS],
  };
}

@Module({})
class RootModule {}

export interface RootParts {
  controllers?: Type[];
  providers?: Provider[];
}

/** An app on a real adapter, not yet listening. It prints nothing. */
export function createApp(
  platform: Platform,
  options: HealthAppOptions = {},
  parts: RootParts = {},
): Promise<INestApplication> {
  const root: DynamicModule = { module: RootModule, imports: [healthModule(options)], ...parts };
  const settings = { logger: false, abortOnError: false } as const;
  return platform === 'express'
    ? NestFactory.create(root, settings)
    : NestFactory.create(root, new FastifyAdapter(), settings);
}

export const portOf = (app: INestApplication): number =>
  (app.getHttpServer() as { address(): AddressInfo }).address().port;

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Ask {
  method?: string;
  /** Default: a connection of its own. */
  agent?: Agent;
  body?: string;
  headers?: Record<string, string>;
}

/** One request to 127.0.0.1; rejects on a reset. */
export function ask(port: number, path: string, options: Ask = {}): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const { method = 'GET', agent = false, headers = {}, body } = options;
  const sent = request({ host: '127.0.0.1', port, path, method, agent, headers }, (res) => {
    let text = '';
    res.setEncoding('utf8');
    res.on('data', (chunk: string) => (text += chunk));
    res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, body: text }));
    res.on('error', reject);
  });
  sent.on('error', reject);
  sent.end(body);
  return promise;
}
