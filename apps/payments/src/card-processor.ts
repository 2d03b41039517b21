import { Injectable } from '@nestjs/common';
import { Span } from '@nestlens/otel';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

export type Authorization =
  | { readonly kind: 'approved'; readonly id: string }
  | { readonly kind: 'declined'; readonly reason: string };

/** Payments kept for a refund. The oldest is forgotten first. */
const MAX_OPEN = 10_000;

/** Stands for a bank: takes a while, and declines the card `tok_declined`. */
@Injectable()
export class CardProcessor {
  private readonly open = new Map<string, number>();

  @Span()
  async authorize(card: string, amountCents: number): Promise<Authorization> {
    await sleep(5 + Math.random() * 20);
    if (card === 'tok_declined') {
      return { kind: 'declined', reason: 'insufficient funds' };
    }
    const id = randomUUID();
    this.open.set(id, amountCents);
    if (this.open.size > MAX_OPEN) {
      const [oldest] = this.open.keys();
      this.open.delete(oldest ?? id);
    }
    return { kind: 'approved', id };
  }

  /** @returns the amount given back; nothing, where the payment is unknown or reversed already */
  async reverse(paymentId: string): Promise<number | undefined> {
    await sleep(5);
    const amountCents = this.open.get(paymentId);
    this.open.delete(paymentId);
    return amountCents;
  }
}
