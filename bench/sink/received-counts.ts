import { gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib';
import { countItems, countPoints, countSpans } from './count-items.ts';

/** What was in the requests of some time. */
export interface Counted {
  readonly spans: number;
  /** Spans of kind SERVER. */
  readonly servers: number;
  readonly records: number;
  /** Data points by the name of their metric. */
  readonly points: Readonly<Record<string, number>>;
  /** What vendors' protocols count instead of spans: traces of Datadog, requests of Sentry and observe. */
  readonly traces: number;
}

interface Kept {
  readonly path: string;
  readonly encoding: string;
  readonly body: Buffer;
}

/** More than that is counted at once. */
const MOST_KEPT_BYTES = 128 * 1024 * 1024;

const unpack = {
  gzip: gunzipSync,
  deflate: inflateSync,
  zstd: zstdDecompressSync,
} as Readonly<Record<string, ((body: Buffer) => Buffer) | undefined>>;

/** What stands once for each request in the texts of vendors, by the path that takes them. */
const MARKS: readonly (readonly [path: RegExp, mark: string])[] = [
  // Sentry: the span of the request itself.
  [/\/envelope\//, '"is_segment":true'],
  // @nestjs/observe: a snapshot of a request.
  [/\/applications\/telemetry/, '"p":"http"'],
];

/** Keeps bodies as they come, and counts what is in them when it is asked. */
export class ReceivedCounts {
  readonly #points = new Map<string, number>();
  #kept: Kept[] = [];
  #keptBytes = 0;
  #spans = 0;
  #servers = 0;
  #records = 0;
  #traces = 0;

  keep(path: string, encoding: string, body: Buffer): void {
    this.#kept.push({ path, encoding, body });
    this.#keptBytes += body.length;
    if (this.#keptBytes > MOST_KEPT_BYTES) this.#countKept();
  }

  /** Traces of which a header told. */
  traces(count: number): void {
    this.#traces += count;
  }

  /** Throws where a body is not what its path says. */
  count(): Counted {
    this.#countKept();
    return {
      spans: this.#spans,
      servers: this.#servers,
      records: this.#records,
      points: Object.fromEntries(this.#points),
      traces: this.#traces,
    };
  }

  #countKept(): void {
    const kept = this.#kept;
    this.#kept = [];
    this.#keptBytes = 0;
    for (const each of kept) this.#countOne(each);
  }

  #countOne({ path, encoding, body }: Kept): void {
    const plain = unpack[encoding]?.(body) ?? body;
    if (/\/v1\/traces$|TraceService\//.test(path)) {
      const { spans, servers } = countSpans(plain);
      this.#spans += spans;
      this.#servers += servers;
    } else if (/\/v1\/logs$|LogsService\//.test(path)) this.#records += countItems(plain);
    else if (/\/v1\/metrics$|MetricsService\//.test(path)) {
      for (const [name, points] of countPoints(plain)) {
        this.#points.set(name, (this.#points.get(name) ?? 0) + points);
      }
    } else {
      const mark = MARKS.find(([of]) => of.test(path))?.[1];
      if (mark !== undefined) this.#traces += plain.toString('latin1').split(mark).length - 1;
    }
  }
}
