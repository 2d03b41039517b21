import { styleText } from 'node:util';
import type { Answer } from './answer.ts';
import { Lens } from './lens.ts';
import { SERVICES } from './shop.ts';
import type { Shop } from './shop.ts';
import { requireWhole, spanTree } from './span-tree.ts';
import { traffic } from './traffic.ts';
import { until } from './until.ts';

const TREE_MS = 20_000;

/** Lists the addresses of the shop and the lens. */
export function addresses(shop: Shop): string {
  const { ports } = shop;
  const rows = [
    ['shop', `${shop.url('gateway')}/orders`],
    ...SERVICES.map((name) => [`${name} health`, `${shop.url(name)}/healthz`]),
    ['lens traces', `${shop.url('lens')}/api/traces`],
    ['lens logs', `${shop.url('lens')}/api/logs`],
    ['lens metrics', `${shop.url('lens')}/api/metrics`],
    ['lens totals', `${shop.url('lens')}/api/stats`],
    ['OTLP over gRPC', `http://127.0.0.1:${ports['lens OTLP/gRPC']}`],
    ['OTLP over HTTP', `http://127.0.0.1:${ports['lens OTLP/HTTP']}`],
  ];
  return rows.map(([name, url]) => `  ${name!.padEnd(18)}${styleText('cyan', url!)}`).join('\n');
}

/**
 * Sends traffic and prints a line for each request. After the first order it prints the tree of its trace once.
 */
export async function live(shop: Shop, signal: AbortSignal): Promise<void> {
  const lens = new Lens(shop.url('lens'));
  let tree: Promise<void> | undefined;
  await traffic(
    shop.url('gateway'),
    signal,
    (answer) => {
      console.log(requestLine(answer));
      const { traceId } = answer;
      if (answer.status === 201 && traceId !== undefined) {
        tree ??= showTree(lens, traceId, signal);
      }
    },
    (call, error) => {
      if (signal.aborted) return;
      console.log(styleText('red', `${call.method} ${call.path}: ${reasonOf(error)}`));
    },
  );
  await tree;
}

async function showTree(lens: Lens, traceId: string, signal: AbortSignal): Promise<void> {
  try {
    const trace = await until(`trace ${traceId}`, TREE_MS, signal, async () => {
      const found = await lens.trace(traceId);
      requireWhole(found, SERVICES);
      return found;
    });
    console.log(`\n${spanTree(trace)}\n`);
  } catch (error) {
    if (!signal.aborted) console.log(styleText('red', String(error)));
  }
}

/** The message of fetch's error says little. Its cause has the reason. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

function requestLine({ call, status, ms, traceId }: Answer): string {
  const time = new Date().toTimeString().slice(0, 8);
  const colour = status === call.status ? (status < 400 ? 'green' : 'yellow') : 'red';
  const path = call.path.length > 54 ? `${call.path.slice(0, 53)}…` : call.path;
  const what = `${call.method.padEnd(5)}${path.padEnd(55)}`;
  const duration = `${ms.toFixed(0)} ms`.padStart(8);
  return `${styleText('dim', time)} ${what}${styleText(colour, String(status))}${duration}  ${traceId ?? '-'}`;
}
