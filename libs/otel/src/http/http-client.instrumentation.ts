import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { AppTelemetry } from '../late-bound/app-telemetry.js';
import { Inventory } from '../report/inventory.js';
import { ClientCalls } from './client-calls.js';
import { guarded } from '../faults/fault-log.js';
import type { HttpSettings } from './http.settings.js';
import { HTTP_SETTINGS } from './http.settings.js';
import { nodeHandlers } from './node-client.js';
import { undiciHandlers } from './undici-client.js';

/**
 * One CLIENT span, its duration and the context headers of each outgoing request of `fetch`, undici,
 * `node:http` and `node:https`, by their diagnostics channels. Nothing in suppressed contexts (exports,
 * ignored requests) and to `http.ignoreHosts`.
 */
@Injectable()
export class HttpClientInstrumentation implements OnApplicationShutdown {
  #subscriptions: (readonly [channel: string, onMessage: (message: unknown) => void])[] = [];

  constructor(
    @Inject(HTTP_SETTINGS) settings: HttpSettings,
    inventory: Inventory,
    app: AppTelemetry,
  ) {
    if (!settings.client) {
      inventory.leftOut('http.client', 'http.client is false');
      return;
    }
    const calls = new ClientCalls(settings, app);
    const handlers = { ...undiciHandlers(calls), ...nodeHandlers(calls) };
    this.#subscriptions = Object.entries(handlers).map(([channel, handle]) => [
      channel,
      (message) => guarded('An outgoing HTTP request could not be observed', () => handle(message)),
    ]);
    for (const [channel, onMessage] of this.#subscriptions) subscribe(channel, onMessage);
    inventory.instrumented('http.client', 'fetch, undici, node:http and node:https');
  }

  onApplicationShutdown(): void {
    this.disable();
  }

  /** Lets go of all channels. Safe twice. */
  disable(): void {
    for (const [channel, onMessage] of this.#subscriptions) unsubscribe(channel, onMessage);
    this.#subscriptions = [];
  }
}
