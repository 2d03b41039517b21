import type { ExportReply } from '@nestlens/otlp/receiver';
import type { Refusal } from './refusal.js';

const accepted: ExportReply = Object.freeze({ kind: 'accepted' });
const MAX_REASONS = 3;

/** Counts one request's items and composes the reply. */
export class RequestCounts {
  #received = 0;
  #rejected = 0;
  #reasons: Map<Refusal, number> | undefined;

  receive(count: number): void {
    this.#received += count;
  }

  reject(refusal: Refusal, count = 1): void {
    if (count === 0) return;
    this.#rejected += count;
    this.#reasons ??= new Map();
    this.#reasons.set(refusal, (this.#reasons.get(refusal) ?? 0) + count);
  }

  /** `accepted`, or `partial` with the count and the first reasons, each with its own count. */
  reply(): ExportReply {
    if (this.#reasons === undefined) return accepted;
    const reasons = [...this.#reasons];
    const named = reasons
      .slice(0, MAX_REASONS)
      .map(([refusal, count]) => `${refusal.text} (${count})`);
    const more =
      reasons.length > MAX_REASONS ? `; ${reasons.length - MAX_REASONS} more reasons` : '';
    return {
      kind: 'partial',
      rejected: this.#rejected,
      message: `${this.#rejected} of ${this.#received} left out: ${named.join('; ')}${more}`,
    };
  }
}
