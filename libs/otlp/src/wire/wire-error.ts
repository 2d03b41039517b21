/**
 * Why bytes or JSON are not an OTLP message:
 * `truncated` a value or length runs past the end; `varint` one that does not fit its type; `wire_type` a group or
 * a field of another type than its own; `field_number` 0 or above the maximum; `depth` and `too_many` a limit of
 * {@link DecodeLimits}; `json_syntax` not JSON; `json_value` JSON whose value does not fit the field.
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

/** Thrown by every decoder of this room, and nothing else is. Sending the same bytes again never helps. */
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

  /** The same fault seen from the object that holds it. */
  within(parent: string): WireError {
    const joined = this.where === '' || this.where.startsWith('[') ? '' : '.';
    return new WireError(this.code, this.#reason, parent + joined + this.where);
  }
}
