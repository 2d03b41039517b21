// What `@Span` on an async method costs, beside that of nestjs-otel on the official SDK. `npm run bench -- span`
import { runBeside } from '../cost/run-beside.ts';
import { ownWork } from '../cost/workload.ts';
import { nestjsOtelSpan } from '../subjects/subjects.ts';

await runBeside('span', [
  {
    name: 'span',
    title: '@Span on an async method: CPU of the process per call',
    workload: ownWork('span'),
    peer: nestjsOtelSpan,
    requests: 2000,
    must: 'span',
  },
]);
