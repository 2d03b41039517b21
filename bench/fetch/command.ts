// What an outgoing fetch costs, beside the official instrumentation of undici. `npm run bench -- fetch`
import { runBeside } from '../cost/run-beside.ts';
import { ownWork } from '../cost/workload.ts';
import { officialFetch } from '../subjects/subjects.ts';

await runBeside('fetch', [
  {
    name: 'fetch',
    title: 'Outgoing fetch: CPU of the process per request',
    workload: ownWork('fetch'),
    peer: officialFetch,
    requests: 2000,
    must: 'fetch',
  },
]);
