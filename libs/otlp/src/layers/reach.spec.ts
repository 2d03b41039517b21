import { accepted, partial, refused, retry } from '../send/outcome.js';
import type { Outcome } from '../send/outcome.js';
import { batchOf, never, ScriptedSender } from './fixtures/scripted-sender.js';
import { ManualClock } from '../send/fixtures/manual-clock.js';
import { reach } from './reach.js';

async function learned(...outcomes: Outcome[]) {
  const layer = reach();
  const sender = new ScriptedSender(new ManualClock());
  const script = [...outcomes];
  sender.script = () => script.shift();
  const stacked = layer(sender);
  for (let at = 0; at < outcomes.length; at += 1) await stacked.send(batchOf(), never());
  return [layer.hasAnswered(), layer.hasAccepted(), layer.isNobodyThere()];
}

it.each([
  [[], [false, false, false]],
  [[retry('ECONNREFUSED')], [false, false, true]],
  [[retry('ENOENT')], [false, false, true]],
  [[retry('connection_closed')], [false, false, false]],
  [
    [retry('ECONNREFUSED'), retry('timeout')],
    [false, false, false],
  ],
  [
    [retry('ECONNREFUSED'), retry('aborted')],
    [false, false, true],
  ],
  [
    [retry('UNAVAILABLE'), retry('ECONNREFUSED')],
    [true, false, false],
  ],
  [
    [retry('503'), retry('ECONNREFUSED')],
    [true, false, false],
  ],
  [[refused('UNIMPLEMENTED')], [true, false, false]],
  [
    [accepted, retry('ECONNREFUSED')],
    [true, true, false],
  ],
  [[partial(1, 'x')], [true, true, false]],
])(
  'reach knows, after %j, whether the peer has answered, has accepted, or is absent',
  async (outcomes, known) => {
    expect(await learned(...outcomes)).toEqual(known);
  },
);

it('reach counts attempts that began and attempts that ended', async () => {
  const layer = reach();
  const sender = new ScriptedSender(new ManualClock());
  const stacked = layer(sender);
  sender.script = () => retry('ECONNREFUSED');
  expect([layer.begun(), layer.ended()]).toEqual([0, 0]);
  const first = stacked.send(batchOf(), never());
  expect([layer.begun(), layer.ended()]).toEqual([1, 0]);
  await first;
  expect([layer.begun(), layer.ended()]).toEqual([1, 1]);
});

it('reach knows for a second that an attempt has just found nobody', async () => {
  const clock = new ManualClock();
  const layer = reach(clock);
  const sender = new ScriptedSender(clock);
  const stacked = layer(sender);
  sender.script = () => retry('ECONNREFUSED');
  expect(layer.hasJustFoundNobody()).toBe(false);
  await stacked.send(batchOf(), never());
  await clock.advance(999);
  expect(layer.hasJustFoundNobody()).toBe(true);
  await clock.advance(1);
  expect(layer.hasJustFoundNobody()).toBe(false);
  sender.script = () => retry('UNAVAILABLE');
  await stacked.send(batchOf(), never());
  expect(layer.hasJustFoundNobody()).toBe(false);
});
