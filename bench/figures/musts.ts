import type { Spread } from './statistics.ts';

/** What a figure must not exceed, and what it aims at. */
export interface Must {
  readonly name: string;
  readonly unit: 'x' | 'MiB' | 'series' | 'spans';
  readonly atMost: number;
  readonly aim?: number;
}

/** All that is asked of Nestlens with everything on; `x` is a ratio of the same run. The only table of these bounds. */
export const musts = {
  'express-overhead': {
    name: 'Express, 100 % sampled: our overhead / overhead of http alone',
    unit: 'x',
    atMost: 0.33,
    aim: 0.22,
  },
  'express-ratio': {
    name: 'Express, 100 % sampled: CPU per request, ours / bare',
    unit: 'x',
    atMost: 1.3,
    aim: 1.2,
  },
  'fastify-overhead': {
    name: 'Fastify, 100 % sampled: our overhead / overhead of http alone',
    unit: 'x',
    atMost: 0.3,
    aim: 0.2,
  },
  'express-unsampled': {
    name: 'Express, 0 % sampled: our overhead / overhead of http alone',
    unit: 'x',
    atMost: 0.2,
    aim: 0.1,
  },
  'fastify-unsampled': {
    name: 'Fastify, 0 % sampled: our overhead / overhead of http alone',
    unit: 'x',
    atMost: 0.2,
    aim: 0.1,
  },
  'grpc-unary': {
    name: 'gRPC unary server: our overhead / overhead of the official instrumentation',
    unit: 'x',
    atMost: 0.25,
  },
  fetch: {
    name: 'outgoing fetch: our overhead / overhead of the official undici instrumentation',
    unit: 'x',
    atMost: 0.4,
  },
  span: {
    name: "one @Span on an async method: ours / nestjs-otel's",
    unit: 'x',
    atMost: 0.5,
  },
  'express-p99': {
    name: "Express, p99 at 70 % of bare's maximum load: ours / bare",
    unit: 'x',
    atMost: 1.1,
    aim: 1.05,
  },
  'fastify-p99': {
    name: "Fastify, p99 at 70 % of bare's maximum load: ours / bare",
    unit: 'x',
    atMost: 1.1,
    aim: 1.05,
  },
  'memory-load': { name: 'RSS over bare under load', unit: 'MiB', atMost: 60, aim: 45 },
  'memory-idle': { name: 'RSS over bare, idle', unit: 'MiB', atMost: 25 },
  start: {
    name: 'CPU until the first answer: ours / bare',
    unit: 'x',
    atMost: 1.45,
    aim: 1.25,
  },
  cold: {
    name: 'CPU of the first 1,000 requests after a start: ours / bare',
    unit: 'x',
    atMost: 1.6,
  },
  series: { name: 'series that an idle service exports', unit: 'series', atMost: 60 },
  lost: { name: 'spans lost', unit: 'spans', atMost: 0, aim: 0 },
} as const satisfies Readonly<Record<string, Must>>;

export type MustId = keyof typeof musts;

export interface Judged extends Must {
  readonly id: MustId;
  readonly value: Spread;
  readonly verdict: 'aim reached' | 'holds' | 'falls short';
}

/** By the median. What could not be measured falls short. */
export function judge(id: MustId, value: Spread): Judged {
  const must: Must = musts[id];
  const holds = value.median <= must.atMost;
  const reaches = must.aim !== undefined && value.median <= must.aim;
  return {
    id,
    ...must,
    value,
    verdict: !holds ? 'falls short' : reaches ? 'aim reached' : 'holds',
  };
}
