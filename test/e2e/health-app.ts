import { request } from 'node:http';
import type { Agent, IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Module } from '@nestjs/common';
import type { DynamicModule, INestApplication, Provider, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { OtelModule } from '@nestlens/otel';
import type { OtelModuleOptions } from '@nestlens/otel';

export type Platform = 'express' | 'fastify';
export const PLATFORMS: readonly Platform[] = ['express', 'fastify'];

/** With these options an app sends, detects and prints nothing, because its specs test something else. */
const QUIET: OtelModuleOptions = {
  resource: { detectors: [] },
  traces: { exporters: ['none'] },
  metrics: { exporters: ['none'] },
  logs: { exporters: ['none'] },
  diagnostics: { startupReport: false, level: 'none' },
};

@Module({})
class RootModule {}

export interface RootParts {
  controllers?: Type[];
  providers?: Provider[];
  imports?: Type[];
}

/** The root module of an app that imports OtelModule. Options that `otel` does not name are switched off. */
export const rootModule = (otel: OtelModuleOptions = {}, parts: RootParts = {}): DynamicModule => ({
  module: RootModule,
  ...parts,
  imports: [OtelModule.forRoot({ ...QUIET, ...otel }), ...(parts.imports ?? [])],
});

/** An app on a real adapter, not yet listening. It prints nothing. */
export function createApp(
  platform: Platform,
  otel: OtelModuleOptions = {},
  parts: RootParts = {},
): Promise<INestApplication> {
  const root = rootModule(otel, parts);
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

/** Sends one request to 127.0.0.1. Rejects on a reset. */
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
