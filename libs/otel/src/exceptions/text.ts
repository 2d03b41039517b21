const MAX_CHARS = 65_536;
// A character of UTF-16 takes at most three bytes of UTF-8.
const BYTES_PER_CHAR = 3;

/** A string that OTLP can carry: well-formed and no longer than `max` characters. */
export const toText = (text: string, max = MAX_CHARS): string =>
  (text.length > max ? `${text.slice(0, max)}…` : text).toWellFormed();

/** A string that OTLP can carry, of at most `max` bytes of UTF-8 besides the ellipsis. */
export const toBytesText = (text: string, max: number): string => {
  if (text.length * BYTES_PER_CHAR <= max) return text.toWellFormed();
  const bytes = Buffer.from(text.slice(0, max));
  if (bytes.length <= max && text.length <= max) return text.toWellFormed();
  // A character cut in two would be read as U+FFFD.
  let end = Math.min(max, bytes.length);
  while (end > 0 && end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return `${bytes.toString('utf8', 0, end)}…`;
};
