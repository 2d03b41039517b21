import { setTimeout as sleep } from 'node:timers/promises';
import { answer, orderId } from './answer.ts';
import type { Answer } from './answer.ts';
import { calls } from './calls.ts';
import type { Call } from './calls.ts';

const EVERY_MS = 250;
const MAX_IN_FLIGHT = 20;

/** A round of five seconds: mostly orders and reads, and every route and failure at least once. */
const round: readonly ((lastId: string) => Call)[] = [
  () => calls.place('ada', 'coffee'),
  (id) => calls.read(id),
  () => calls.list(),
  (id) => calls.watch(id),
  () => calls.place('grace', 'tea'),
  () => calls.user(),
  () => calls.outOfStock(),
  () => calls.restock(),
  () => calls.place('hedy', 'mug'),
  (id) => calls.read(id),
  () => calls.declined(),
  () => calls.slow(300),
  () => calls.place('barbara', 'coffee'),
  () => calls.noUser(),
  () => calls.badBody(),
  () => calls.sync(),
  () => calls.place('ada', 'tea'),
  () => calls.unknownUser(),
  () => calls.noRoute(),
  () => calls.crash(),
];

/** Sends four requests a second until the signal aborts, and then waits for those in flight. */
export async function traffic(
  gateway: string,
  signal: AbortSignal,
  onAnswer: (answer: Answer) => void,
  onError: (call: Call, error: unknown) => void,
): Promise<void> {
  const inFlight = new Set<Promise<void>>();
  let lastId = '';
  const send = async (call: Call): Promise<void> => {
    try {
      const got = await answer(gateway, call);
      if (got.status === 201) lastId = orderId(got.body);
      onAnswer(got);
    } catch (error) {
      onError(call, error);
    }
  };
  // The reads of a round need an existing order.
  await send(calls.place());
  for (let turn = 0; !signal.aborted; turn += 1) {
    if (inFlight.size < MAX_IN_FLIGHT) {
      const call = round[turn % round.length]!(lastId);
      const sent: Promise<void> = send(call).finally(() => inFlight.delete(sent));
      inFlight.add(sent);
    }
    // An abort ends the loop and is no failure.
    await sleep(EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
  await Promise.all(inFlight);
}
