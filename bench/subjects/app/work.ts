import { setImmediate } from 'node:timers/promises';
import { ROOT_CONTEXT, TraceFlags, context, trace } from '@opentelemetry/api';
import type { Wiring } from './wiring.js';

/** As in a handler: below the span of a caller, which is sampled. */
const caller = trace.setSpanContext(ROOT_CONTEXT, {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: TraceFlags.SAMPLED,
  isRemote: true,
});

const FETCHES_AT_ONCE = 8;
const CALLS_A_TURN = 64;

class Orders {
  async price(items: number): Promise<number> {
    return items * 7;
  }
}

function decorate(wiring: Wiring): Orders {
  const descriptor = Object.getOwnPropertyDescriptor(Orders.prototype, 'price');
  if (wiring.span !== undefined && descriptor !== undefined) {
    wiring.span()(Orders.prototype, 'price', descriptor);
    Object.defineProperty(Orders.prototype, 'price', descriptor);
  }
  return new Orders();
}

/** Makes what a server does by itself: methods with a span, requests to another service. */
export function worksOf(wiring: Wiring) {
  const orders = decorate(wiring);
  const span = async (count: number): Promise<void> => {
    for (let done = 0; done < count; done += 1) {
      await orders.price(done);
      // As in a service: what waits for the loop, such as an export, gets its turn.
      if (done % CALLS_A_TURN === 0) await setImmediate();
    }
  };
  const fetches = async (count: number, port: number): Promise<void> => {
    let left = count;
    const one = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const answer = await fetch(`http://127.0.0.1:${port}/stock/7`);
        await answer.text();
      }
    };
    await Promise.all(Array.from({ length: FETCHES_AT_ONCE }, one));
  };
  return {
    span: (count: number) => context.with(caller, () => span(count)),
    fetch: (count: number, port: number) => context.with(caller, () => fetches(count, port)),
  };
}
