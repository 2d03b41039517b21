import { BadRequestException, Injectable } from '@nestjs/common';
import type { PipeTransform } from '@nestjs/common';
import type { PlaceOrderRequest } from '@nestlens/protos';

const MAX_QUANTITY = 1000;

/** A body that is not an order answers 400 with every fault in it. */
@Injectable()
export class PlaceOrderPipe implements PipeTransform<unknown, PlaceOrderRequest> {
  transform(body: unknown): PlaceOrderRequest {
    const { userId, sku, quantity, card } = (body ?? {}) as Partial<PlaceOrderRequest>;
    const faults: string[] = [];
    for (const [name, value] of Object.entries({ userId, sku, card })) {
      if (typeof value !== 'string' || value === '') {
        faults.push(`${name} must be a text that is not empty`);
      }
    }
    if (!Number.isInteger(quantity) || quantity! < 1 || quantity! > MAX_QUANTITY) {
      faults.push(`quantity must be a whole number from 1 to ${MAX_QUANTITY}`);
    }
    if (faults.length > 0) {
      throw new BadRequestException(faults);
    }
    return { userId, sku, quantity, card } as PlaceOrderRequest;
  }
}
