import { ProtobufReader } from '../wire/protobuf-reader.js';
import { ProtobufWriter } from '../wire/protobuf-writer.js';

interface Field {
  readonly number: number;
  /** Includes the tag. */
  readonly bytes: Uint8Array;
}

/** Field number of the list in the request, in ResourceSpans, in ScopeSpans, and in those of the other signals. */
const RESOURCES = 1;
const SCOPES = 2;
const ITEMS = 2;

/**
 * Splits a chunk of a request into chunks of at most `maxBytes`: its messages of one resource. A message above the
 * limit becomes runs of its items, each a copy behind a copy of their resource and scope. An item above the limit
 * travels alone. Unreadable bytes stay whole.
 */
export function cut(chunk: Uint8Array, maxBytes: number): readonly Uint8Array[] {
  if (chunk.byteLength <= maxBytes) return [chunk];
  try {
    return fieldsIn(chunk).flatMap(({ number, bytes }) =>
      number === RESOURCES && bytes.byteLength > maxBytes ? cutResource(bytes, maxBytes) : [bytes],
    );
  } catch {
    return [chunk];
  }
}

function cutResource(message: Uint8Array, maxBytes: number): Uint8Array[] {
  const { frame, list } = partsOf(contentOf(message), SCOPES);
  const chunks = list.flatMap((scope) => cutScope(frame, contentOf(scope), maxBytes));
  return chunks.length > 1 ? chunks : [message];
}

function cutScope(resource: Uint8Array, content: Uint8Array, maxBytes: number): Uint8Array[] {
  const { frame, list } = partsOf(content, ITEMS);
  const room = maxBytes - headOf(resource, frame, maxBytes).byteLength;
  const chunks: Uint8Array[] = [];
  for (let from = 0; from < list.length;) {
    let bytes = 0;
    let to = from;
    while (to < list.length && (to === from || bytes + list[to]!.byteLength <= room)) {
      bytes += list[to]!.byteLength;
      to += 1;
    }
    chunks.push(Buffer.concat([headOf(resource, frame, bytes), ...list.slice(from, to)]));
    from = to;
  }
  return chunks;
}

/** The fields of a resource and a scope before items of that many bytes: fields may come in any order. */
function headOf(resource: Uint8Array, scope: Uint8Array, itemBytes: number): Uint8Array {
  const inner = new ProtobufWriter().opening(SCOPES, scope.byteLength + itemBytes).finish();
  const length = resource.byteLength + inner.byteLength + scope.byteLength + itemBytes;
  const outer = new ProtobufWriter().opening(RESOURCES, length).finish();
  return Buffer.concat([outer, resource, inner, scope]);
}

/** The list of a message, and all its other fields. */
function partsOf(message: Uint8Array, of: number): { frame: Uint8Array; list: Uint8Array[] } {
  const fields = fieldsIn(message);
  const list = fields.filter(({ number }) => number === of).map(({ bytes }) => bytes);
  const rest = fields.filter(({ number }) => number !== of).map(({ bytes }) => bytes);
  return { frame: Buffer.concat(rest), list };
}

function fieldsIn(message: Uint8Array): Field[] {
  const fields: Field[] = [];
  const reader = new ProtobufReader(message);
  for (let from = 0; reader.next(); from = reader.position) {
    const number = reader.field;
    reader.skip();
    fields.push({ number, bytes: message.subarray(from, reader.position) });
  }
  return fields;
}

function contentOf(field: Uint8Array): Uint8Array {
  const reader = new ProtobufReader(field);
  reader.next();
  reader.open();
  return field.subarray(reader.position);
}
