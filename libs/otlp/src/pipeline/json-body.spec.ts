import { retry } from '../send/outcome.js';
import { beginTrail, noteResent, noteUnsent } from '../send/trail.js';
import { patience, smallBatch } from '../transport/fixtures/batches.js';
import { asJson } from './json-body.js';

it('what becomes of the JSON of a batch is noted of the batch', async () => {
  const sender = asJson({
    async send(json) {
      noteUnsent(json);
      noteResent(json);
      return retry('ECONNREFUSED');
    },
    close: () => Promise.resolve(),
  });
  const batch = smallBatch();
  const trail = beginTrail(batch);
  await sender.send(batch, patience());
  expect(trail).toMatchObject({ unsent: true, resent: true });
});
