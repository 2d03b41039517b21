import { Controller, Get, Injectable, Module } from '@nestjs/common';
import type { NestMiddleware } from '@nestjs/common';
import { ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { SamplingDecision } from '@opentelemetry/sdk-trace';
import { platforms, startHttpApp } from '../http/fixtures/http-app.js';
import type { HttpApp } from '../http/fixtures/http-app.js';
import { globalProviders } from '../late-bound/globals.js';
import { protocolOf } from '../late-bound/overlaps.js';
import { reportOverlaps } from './overlap-report.js';
import type { OwnSpans } from './overlap-report.js';

const HTTP = '@opentelemetry/instrumentation-http';
const ALL: OwnSpans = {
  http: { server: true, client: true },
  grpc: { server: true, client: true },
};
/** Makes a span like another instrumentation: with its own tracer and a parent from the headers. */
const span = (scope: string, kind: SpanKind): void =>
  trace.getTracer(scope, '0.1.0').startSpan('theirs', { kind }, ROOT_CONTEXT).end();

const doing: { what: () => void } = { what: () => {} };

@Injectable()
class Theirs implements NestMiddleware {
  use(_req: unknown, _res: unknown, next: () => void): void {
    doing.what();
    next();
  }
}

@Controller()
class Well {
  @Get()
  well(): string {
    return 'well';
  }
}

@Module({ providers: [Theirs] })
class Nothing {}

describe('reportOverlaps', () => {
  let app: HttpApp;
  let lines: string[];
  const start = async (own = ALL, sampled = true): Promise<void> => {
    lines = [];
    const decision = sampled ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD;
    app = await startHttpApp(platforms[0][1], {
      controllers: [Well],
      imports: [Nothing],
      configure: (consumer) => consumer.apply(Theirs).forRoutes('{*path}'),
      telemetry: { sampler: { shouldSample: () => ({ decision }), toString: () => 'spec' } },
    });
    reportOverlaps(globalProviders.byHand, own, (line) => lines.push(line));
  };
  const during = async (what: () => void): Promise<readonly string[]> => {
    doing.what = what;
    await (await fetch(app.url)).text();
    await (await fetch(app.url)).text();
    doing.what = () => {};
    return lines;
  };
  afterEach(() => app.close());

  it('reports once the scope that makes a second SERVER span, with the remedy', async () => {
    await start();
    expect(await during(() => span(HTTP, SpanKind.SERVER))).toEqual([
      `${HTTP} 0.1.0 makes SERVER spans through the tracers of @nestlens/otel, which makes them itself: a ` +
        'request to this app has two. Leave that instrumentation out of the other SDK, or set http.server: false',
    ]);
  });

  it('reports each side and protocol separately', async () => {
    await start();
    span(HTTP, SpanKind.CLIENT);
    span('@opentelemetry/instrumentation-undici', SpanKind.CLIENT);
    span('@opentelemetry/instrumentation-grpc', SpanKind.CLIENT);
    await during(() => span(HTTP, SpanKind.SERVER));
    expect(lines.map((line) => /set (\S+): false$/.exec(line)?.[1])).toEqual([
      'http.client',
      'http.client',
      'rpc.client',
      'http.server',
    ]);
  });

  it('reports nothing if there is only one span', async () => {
    await start({ ...ALL, http: { server: false, client: false } });
    // A second server of the app's own, and instrumentation of inner layers.
    span('@opentelemetry/instrumentation-grpc', SpanKind.SERVER);
    await during(() => {
      span(HTTP, SpanKind.SERVER);
      span(HTTP, SpanKind.CLIENT);
      span(HTTP, SpanKind.INTERNAL);
      span('@opentelemetry/instrumentation-express', SpanKind.INTERNAL);
      span('a tracer of the app', SpanKind.SERVER);
    });
    expect(lines).toEqual([]);
  });

  it('reports nothing for spans that are not recorded', async () => {
    await start(ALL, false);
    span(HTTP, SpanKind.CLIENT);
    await during(() => span(HTTP, SpanKind.SERVER));
    expect(lines).toEqual([]);
  });

  it('does not throw if the logger throws', async () => {
    await start();
    reportOverlaps(globalProviders.byHand, ALL, () => {
      throw new Error('a logger of the app');
    });
    expect(() => span(HTTP, SpanKind.CLIENT)).not.toThrow();
    expect(lines).toHaveLength(1);
  });
});

it.each([
  [HTTP, 'http'],
  ['@opentelemetry/instrumentation-undici', 'http'],
  ['@vercel/instrumentation-fetch', 'http'],
  ['@opentelemetry/instrumentation-grpc', 'grpc'],
  ['@opentelemetry/instrumentation-express', undefined],
  ['@nestlens/otel', undefined],
  ['instrumentation-http-helper', undefined],
])('a tracer of %s is watched for the protocol %s', (scope, protocol) => {
  expect(protocolOf(scope)).toBe(protocol);
});
