/** Kinds of a single value, and of lists of numbers. */
export type Scalar =
  | 'string'
  /** Bytes, as hex in lower case. */
  | 'hex'
  | 'bool'
  /** An int32, or an enum. */
  | 'int32'
  | 'uint32'
  | 'sint32'
  | 'fixed32'
  | 'fixed64'
  | 'double'
  /** A double, or `undefined` if the field is missing. */
  | 'optionalDouble'
  | 'fixed64s'
  | 'uint64s'
  | 'doubles'
  /** A list of KeyValue. */
  | 'attributes'
  | 'anyValue';

export type Kind =
  | Scalar
  /** A message in one field. If the field occurs several times, the last one counts. */
  | { readonly message: string }
  | { readonly list: string }
  /** The data of a metric: one of several messages, each in a field of its own, by its name in JSON. */
  | { readonly oneOf: Readonly<Record<string, readonly [number: number, message: string]>> }
  /** `as_double` or `as_int`, with the number of each. */
  | { readonly double: number; readonly int: number }
  /** A constant of the model, without a field. */
  | { readonly constant: string };

export interface Field {
  /** Name in the model. */
  readonly name: string;
  /** Number in protobuf. 0 if `kind` has the numbers. */
  readonly number: number;
  /** Name in OTLP/JSON. */
  readonly json: string;
  readonly kind: Kind;
}

export interface Message {
  readonly name: string;
  readonly source: string;
  /** Type in the model. */
  readonly type: string;
  /** Names of its readers' files in `libs/otlp/src/wire`. */
  readonly protobufFile: string;
  readonly jsonFile: string;
  /** Fields, in the order of the model. */
  readonly fields: readonly Field[];
}
