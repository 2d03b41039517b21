import { retry } from '../send/outcome.js';
import { beginTrail, type Trail } from '../send/trail.js';
import { patience, smallBatch } from '../transport/fixtures/batches.js';
import { asJson } from './json-body.js';

it('the outcome of the JSON body is noted on the trail of its batch', async () => {
  const sender = asJson({
    async send(_json, _signal, given?: Trail) {
      Object.assign(given!, { unsent: true, resent: true });
      return retry('ECONNREFUSED');
    },
    close: () => Promise.resolve(),
  });
  const batch = smallBatch();
  const trail = beginTrail();
  await sender.send(batch, patience(), trail);
  expect(trail).toMatchObject({ unsent: true, resent: true });
});
