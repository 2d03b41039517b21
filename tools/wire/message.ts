/** Kinds of a single value, and of lists of numbers. */
export type Scalar =
  | 'string'
  /** Bytes, as lowercase hex. */
  | 'hex'
  | 'bool'
  /** Also enums. */
  | 'int32'
  | 'uint32'
  | 'sint32'
  | 'fixed32'
  | 'fixed64'
  | 'double'
  /** `undefined` where the field is missing. */
  | 'optionalDouble'
  | 'fixed64s'
  | 'uint64s'
  | 'doubles'
  /** A list of KeyValue. */
  | 'attributes'
  | 'anyValue';

export type Kind =
  | Scalar
  /** A message in one field. Of several the last one stays. */
  | { readonly message: string }
  | { readonly list: string }
  /** The data of a metric: one of several messages, each in a field of its own, by its name in JSON. */
  | { readonly oneOf: Readonly<Record<string, readonly [number: number, message: string]>> }
  /** `as_double` or `as_int`, with the number of each. */
  | { readonly double: number; readonly int: number }
  /** No field: a constant of the model. */
  | { readonly constant: string };

export interface Field {
  /** In the model. */
  readonly name: string;
  /** In protobuf; 0 where `kind` has the numbers. */
  readonly number: number;
  /** In OTLP/JSON. */
  readonly json: string;
  readonly kind: Kind;
}

export interface Message {
  readonly name: string;
  readonly source: string;
  /** Its type in the model. */
  readonly type: string;
  /** The names of its readers' files in `libs/otlp/src/wire`. */
  readonly protobufFile: string;
  readonly jsonFile: string;
  /** In the order of the model. */
  readonly fields: readonly Field[];
}
