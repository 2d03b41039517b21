// A walk through protobuf that shares no code with the product's own: a fault of that one cannot hide here.

/** Where a field's bytes are, or the value of a varint. */
interface Field {
  readonly number: number;
  readonly from: number;
  readonly to: number;
  readonly value: number;
}

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** Calls `each` for every field between `from` and `to`. Throws where the bytes are no message. */
function walk(bytes: Uint8Array, from: number, to: number, each: (field: Field) => void): void {
  let at = from;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0, byte = 128; byte > 127; shift += 7) {
      if (at >= to) throw new Error(`a number ends at ${at}`);
      byte = bytes[at++] ?? 0;
      value += (byte & 127) * 2 ** shift;
    }
    return value;
  };
  while (at < to) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    const kind = tag & 7;
    if (kind === VARINT) each({ number, from: at, to: at, value: varint() });
    else if (kind === BYTES) {
      const length = varint();
      if (at + length > to) throw new Error(`length ${length} at ${at}`);
      each({ number, from: at, to: at + length, value: Number.NaN });
      at += length;
    } else if (kind === FIXED64 || kind === FIXED32) at += kind === FIXED64 ? 8 : 4;
    else throw new Error(`tag ${tag} at ${at}`);
  }
  if (at !== to) throw new Error(`the message ends at ${at}, not ${to}`);
}

type Path = readonly (readonly number[])[];

/** Calls `each` with the place of every message at the end of `path`. */
function visit(
  bytes: Uint8Array,
  path: Path,
  each: (from: number, to: number) => void,
  from = 0,
  to = bytes.length,
): void {
  const [step = [], ...rest] = path;
  walk(bytes, from, to, (field) => {
    if (!step.includes(field.number)) return;
    if (rest.length === 0) each(field.from, field.to);
    else visit(bytes, rest, each, field.from, field.to);
  });
}

/** From a request down to its items: resource, scope, and the list in the scope. */
const ITEMS: Path = [[1], [2], [2]];
/** From a metric to its points: gauge, sum, histogram, exponential histogram or summary, and the points in it. */
const POINTS: Path = [[5, 7, 9, 10, 11], [1]];
const NAME = 1;
const KIND = 6;
const SERVER = 2;

/** Spans, or log records, of an export request. */
export function countItems(request: Uint8Array): number {
  let count = 0;
  visit(request, ITEMS, () => (count += 1));
  return count;
}

export interface SpanCounts {
  readonly spans: number;
  /** Of them, of kind SERVER. */
  readonly servers: number;
}

export function countSpans(request: Uint8Array): SpanCounts {
  let spans = 0;
  let servers = 0;
  visit(request, ITEMS, (from, to) => {
    spans += 1;
    walk(request, from, to, ({ number, value }) => {
      if (number === KIND && value === SERVER) servers += 1;
    });
  });
  return { spans, servers };
}

/** Data points of each metric, by its name. */
export function countPoints(request: Uint8Array): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  visit(request, ITEMS, (from, to) => {
    let name = '';
    let points = 0;
    walk(request, from, to, (field) => {
      if (field.number === NAME) {
        name = Buffer.from(request.subarray(field.from, field.to)).toString();
      }
    });
    visit(request, POINTS, () => (points += 1), from, to);
    counts.set(name, (counts.get(name) ?? 0) + points);
  });
  return counts;
}
