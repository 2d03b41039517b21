import { BadRequestException, Injectable } from '@nestjs/common';
import type { PipeTransform } from '@nestjs/common';

const MAX_LINES = 1000;
const MAX_UNITS = 1_000_000;

/** One line of a delivery or of a stocktake. */
export type StockLine<Units extends string> = { sku: string } & Record<Units, number>;

/** A body that is not a list of `{ sku, <units> }` answers 400 and names the line. */
@Injectable()
export class StockLinesPipe<Units extends string> implements PipeTransform<
  unknown,
  StockLine<Units>[]
> {
  constructor(private readonly units: Units) {}

  transform(body: unknown): StockLine<Units>[] {
    if (!Array.isArray(body) || body.length === 0 || body.length > MAX_LINES) {
      throw new BadRequestException(`The body must be a list of 1 to ${MAX_LINES} lines`);
    }
    return body.map((line: unknown, index) => this.line(line, index));
  }

  private line(line: unknown, index: number): StockLine<Units> {
    const { sku, [this.units]: units } = (line ?? {}) as Partial<Record<string, unknown>>;
    const whole = typeof units === 'number' && Number.isInteger(units);
    if (typeof sku !== 'string' || sku === '' || !whole || units < 0 || units > MAX_UNITS) {
      throw new BadRequestException(
        `Line ${index + 1} must be { sku, ${this.units} } with a whole number up to ${MAX_UNITS}`,
      );
    }
    return { sku, [this.units]: units } as StockLine<Units>;
  }
}
