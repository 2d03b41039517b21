import { readListRequest, readRequest, writeStatus, writeStatuses } from './health-messages.js';
import type { HealthRequest } from './health-messages.js';
import { askAll, statusOf } from './health-questions.js';
import type { HealthQuestion } from './health-questions.js';
import type { HealthStreamCall, HealthStreams } from './health-streams.js';
import { INTERNAL, NOT_FOUND, RESOURCE_EXHAUSTED } from './status-code.js';
import { warnOfFault } from '../faults/fault-log.js';

/** The full name of the health service, in the version that all clients ask. */
export const HEALTH_SERVICE = 'grpc.health.v1.Health';

/** The most names that List shows, as in grpc-go. */
const MOST_LISTED = 100;

interface Refusal {
  readonly code: number;
  readonly details: string;
}
type Reply<T> = (error: Refusal | null, value?: T) => void;

const method = (
  name: string,
  responseStream: boolean,
  requestDeserialize: (bytes: Buffer) => unknown,
  responseSerialize: (value: never) => Buffer,
): object => ({
  path: `/${HEALTH_SERVICE}/${name}`,
  requestStream: false,
  responseStream,
  requestDeserialize,
  responseSerialize,
});

/** What `addService` of a grpc-js server takes, made without a proto file. */
export const healthDefinition = {
  Check: method('Check', false, readRequest, writeStatus),
  Watch: method('Watch', true, readRequest, writeStatus),
  List: method('List', false, readListRequest, writeStatuses),
};

interface Asked {
  readonly request: HealthRequest;
}

/** A throw of ours would be an uncaught rejection of the app, and the caller would wait for ever. */
const answer = <T>(reply: Reply<T>, asked: Promise<T>): void =>
  void asked.then(
    (value) => reply(null, value),
    (error: unknown) => {
      warnOfFault('gRPC health: a probe could not be answered', error);
      reply({ code: INTERNAL, details: 'The health could not be asked' });
    },
  );

/** The methods of the service. `questions` has what is served, by name. */
export const healthMethods = (
  questions: ReadonlyMap<string, HealthQuestion>,
  streams: HealthStreams,
): object => ({
  Check({ request }: Asked, reply: Reply<number>): void {
    const question = questions.get(request.service);
    if (question) answer(reply, statusOf(question));
    else reply({ code: NOT_FOUND, details: 'unknown service' });
  },
  Watch(call: Asked & HealthStreamCall): void {
    streams.watch(call, questions.get(call.request.service));
  },
  List(_: unknown, reply: Reply<ReadonlyMap<string, number>>): void {
    if (questions.size > MOST_LISTED) {
      reply({ code: RESOURCE_EXHAUSTED, details: `there are more than ${MOST_LISTED} services` });
    } else {
      answer(reply, askAll(questions));
    }
  },
});
