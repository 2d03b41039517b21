/**
 * Why bytes or JSON are not an OTLP message:
 * `truncated` a value or length runs past the end; `varint` a varint that does not fit its type; `wire_type` a group
 * or a known field with another type; `field_number` 0 or above the maximum; `depth` and `too_many` a limit of {@link
 * DecodeLimits}; `json_syntax` not JSON; `json_value` JSON whose value does not fit the field.
 */
export type WireErrorCode =
  | 'truncated'
  | 'varint'
  | 'wire_type'
  | 'field_number'
  | 'depth'
  | 'too_many'
  | 'json_syntax'
  | 'json_value';

/** The only error of the decoders in this room. Sending the same bytes again never helps. */
export class WireError extends Error {
  override readonly name = 'WireError';
  readonly code: WireErrorCode;
  /** `byte 17` of a protobuf message, `resourceSpans[0].resource` of a JSON one. */
  readonly where: string;
  readonly #reason: string;

  constructor(code: WireErrorCode, reason: string, where: string) {
    super(where === '' ? reason : `${reason} at ${where}`);
    this.code = code;
    this.where = where;
    this.#reason = reason;
  }

  /** The same fault, located from the object that holds it. */
  within(parent: string): WireError {
    const joined = this.where === '' || this.where.startsWith('[') ? '' : '.';
    return new WireError(this.code, this.#reason, parent + joined + this.where);
  }
}
