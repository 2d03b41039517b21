// What a traced gRPC call costs a server, beside the official instrumentation. `npm run bench -- grpc`
import { runBeside } from '../cost/run-beside.ts';
import { grpcCalls } from '../cost/workload.ts';
import { officialGrpc } from '../subjects/subjects.ts';

await runBeside('grpc', [
  {
    name: 'unary',
    title: 'gRPC server, unary call: CPU of the process per call',
    workload: grpcCalls('/bench.v1.Orders/Get'),
    peer: officialGrpc,
    requests: 2000,
    must: 'grpc-unary',
  },
  {
    name: 'streaming',
    title: 'gRPC server, a stream of four messages: CPU of the process per call',
    workload: grpcCalls('/bench.v1.Orders/Watch'),
    peer: officialGrpc,
    requests: 2000,
  },
]);
