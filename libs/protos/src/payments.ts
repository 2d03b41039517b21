import type { Observable } from 'rxjs';

export interface ChargeRequest {
  orderId: string;
  amountCents: number;
  /** A token of the card processor, never a card number. */
  card: string;
}

export interface RefundRequest {
  paymentId: string;
}

export interface Payment {
  id: string;
  amountCents: number;
  refunded: boolean;
}

export interface PaymentsClient {
  charge(request: ChargeRequest): Observable<Payment>;
  refund(request: RefundRequest): Observable<Payment>;
}
