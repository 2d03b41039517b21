// `createRequire` is not called by its name: webpack writes `undefined` for such a call with an unknown argument.
import nodeModule from 'node:module';
import { join } from 'node:path';

/** The work of a library for an app, and the telemetry that Nestlens makes of it today. */
interface Family {
  readonly what: string;
  readonly why: string;
  readonly packages: readonly string[];
}

/** Libraries whose work leaves no telemetry of ours yet. Those over HTTP, such as axios, are seen by `http.client`. */
const UNSEEN: readonly Family[] = [
  {
    what: 'database queries',
    why: 'make no spans',
    packages: [
      'pg',
      'postgres',
      'mysql2',
      'mysql',
      'mssql',
      'oracledb',
      'better-sqlite3',
      'mongodb',
      'cassandra-driver',
      'ioredis',
      '@redis/client',
      'memcached',
    ],
  },
  {
    what: 'queues and brokers',
    why: 'carry no trace context and make no spans',
    packages: [
      'kafkajs',
      '@confluentinc/kafka-javascript',
      'amqplib',
      'nats',
      '@nats-io/transport-node',
      'mqtt',
      'bullmq',
      'bull',
      'pg-boss',
      'agenda',
      '@aws-sdk/client-sqs',
      '@aws-sdk/client-sns',
      '@google-cloud/pubsub',
    ],
  },
  {
    what: 'sockets',
    why: 'make a span for their handshake and none for their messages',
    packages: ['socket.io', 'ws'],
  },
  {
    what: 'GraphQL',
    why:
      'makes the span of its HTTP request, which has the exceptions of its resolvers, and none for these; exceptions of ' +
      "field resolvers are seen with fieldResolverEnhancers: ['filters']",
    packages: ['graphql'],
  },
  { what: 'schedules', why: 'make no spans', packages: ['cron', 'node-cron'] },
  {
    what: 'other tracers',
    // dd-trace 6.21: its `traceparent` replaces ours over fetch.
    why: 'trace the same work, may send trace headers of their own in place of ours, and their exports are CLIENT spans here',
    packages: ['dd-trace', 'newrelic', 'elastic-apm-node'],
  },
  {
    what: 'loggers',
    why: 'their lines are not sent',
    packages: ['bunyan', 'log4js', 'loglevel', 'consola', 'signale', 'tslog'],
  },
];

const FOLDER = /[\\/]node_modules[\\/]/;
const NAME = /^(@[^\\/]+[\\/])?[^\\/]+/;

/**
 * The names of the packages that this process has loaded as CommonJS, by Node's own cache; an ES module appears in no
 * list, and neither do packages inside a bundle.
 */
export const loadedPackages = (
  cache: object = nodeModule.createRequire(join(process.cwd(), 'x')).cache,
): ReadonlySet<string> => {
  const names = new Set<string>();
  for (const file of Object.keys(cache)) {
    const [, ...inside] = file.split(FOLDER);
    const name = NAME.exec(inside.at(-1) ?? '')?.[0];
    if (name !== undefined) names.add(name.replaceAll('\\', '/'));
  }
  return names;
};

/** One row for each family with a loaded library: the library without telemetry, and the reason. */
export const unseenLibraries = (
  loaded: ReadonlySet<string> = loadedPackages(),
): readonly { readonly what: string; readonly why: string }[] =>
  UNSEEN.flatMap(({ what, why, packages }) => {
    const found = packages.filter((name) => loaded.has(name));
    return found.length === 0 ? [] : [{ what, why: `${found.join(', ')}: ${why}` }];
  });
