// Loads the package twice, as ES modules and as CommonJS, and starts an app that imports both.
import 'reflect-metadata';
import { createRequire } from 'node:module';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

const require = createRequire(import.meta.url);
// Node loads the ES modules for this `require`.
const first = require('@nestlens/otel');
const second = require('./node_modules/@nestlens/otel/cjs/index.js');

function AppModule() {}
Module({ imports: [first.OtelModule.forRoot(), second.OtelModule.forRoot()] })(AppModule);
const app = await NestFactory.createApplicationContext(AppModule);
const isOne = [
  'OtelModule',
  'OtelLogger',
  'HealthRegistry',
  'ShutdownService',
  'OTEL_METER',
  'OTEL_TRACER',
].every((name) => first[name] === second[name] && app.get(first[name]) !== undefined);
console.log(JSON.stringify({ isOne, areTwoFunctions: first.Span !== second.Span }));
await app.close();
