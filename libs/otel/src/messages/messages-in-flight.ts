import { Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { Subscription } from 'rxjs';
import { guarded } from '../faults/fault-log.js';
import { InFlight } from '../lifecycle/in-flight.js';
import { Inventory } from '../report/inventory.js';
import { messageClients } from './message-clients.js';
import { isGrpcServer, subjectOf, transportName } from './transport.js';
import type { TransportServer } from './transport.js';

const NOT_YET =
  'messages have no spans and carry no trace context yet: what a handler does starts a trace of its own';

/**
 * Counts messages that a transport of Nest is handling (TCP, Redis, NATS, MQTT, RabbitMQ, Kafka and the app's own) as
 * work in flight, by the hooks that Nest's `Server` has for it: a shutdown waits for their answers before Nest's hooks
 * close what they need. New messages are still taken until Nest closes the transport. Tells which transports and
 * clients carry no trace. gRPC has all of this in the room `rpc`.
 */
@Injectable()
export class MessagesInFlight implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #inFlight: InFlight;
  readonly #inventory: Inventory;
  readonly #modules: ModulesContainer;
  readonly #running = new WeakMap<object, () => void>();
  readonly #subscription: Subscription;

  constructor(modules: ModulesContainer, inFlight: InFlight, inventory: Inventory) {
    this.#modules = modules;
    this.#inFlight = inFlight;
    this.#inventory = inventory;
    // While it is constructed, since servers may be made, and started, before any `onModuleInit`.
    this.#subscription = modules.getRpcTargetRegistry<TransportServer>().subscribe((server) => {
      guarded('The messages of a transport could not be counted', () => {
        if (!isGrpcServer(server)) this.#attach(server);
      });
    });
  }

  onApplicationBootstrap(): void {
    for (const name of messageClients(this.#modules)) this.#inventory.leftOut(name, NOT_YET);
  }

  onModuleDestroy(): void {
    this.#subscription.unsubscribe();
  }

  #attach(server: TransportServer): void {
    const name = transportName(server);
    const countable =
      typeof server.setOnProcessingStartHook === 'function' &&
      typeof server.setOnProcessingEndHook === 'function' &&
      typeof server.listen === 'function';
    const uncounted = countable ? '' : '; a shutdown does not wait for them';
    this.#inventory.leftOut(name, `${NOT_YET}${uncounted}`);
    if (!countable) return;
    // Each hook has one slot. A function that was there before the transport listens is called after ours.
    const listen = server.listen?.bind(server);
    let hooked = false;
    server.listen = (...args) => {
      if (!hooked) this.#hook(server, name);
      hooked = true;
      return listen?.(...args);
    };
  }

  #hook(server: TransportServer, name: string): void {
    const otherStart = server.onProcessingStartHook?.bind(server);
    const otherEnd = server.onProcessingEndHook?.bind(server);
    server.setOnProcessingStartHook?.((transportId, context, done) => {
      const begun = (): unknown => this.#begun(name, context, done);
      return otherStart ? otherStart(transportId, context, begun) : begun();
    });
    server.setOnProcessingEndHook?.((transportId, context) => {
      this.#ended(context);
      otherEnd?.(transportId, context);
    });
  }

  #begun(name: string, context: unknown, done: () => unknown): unknown {
    if (typeof context === 'object' && context !== null) {
      guarded('A message could not be counted', () => {
        this.#running.set(context, this.#inFlight.enter(`${name} ${subjectOf(context)}`.trimEnd()));
      });
    }
    let result: unknown;
    try {
      result = done();
    } catch (error) {
      this.#ended(context);
      throw error;
    }
    // Nest 11 calls no end hook for a handler that fails before it has given a stream.
    if (result instanceof Promise) result.catch(() => this.#ended(context));
    return result;
  }

  /** Nest calls the end hook before it writes the answer, in the next tick. */
  #ended(context: unknown): void {
    const leave = this.#running.get(context as object);
    if (leave === undefined) return;
    this.#running.delete(context as object);
    setImmediate(leave);
  }
}
