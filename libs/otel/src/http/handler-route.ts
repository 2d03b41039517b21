import { ATTR_CODE_FUNCTION_NAME, ATTR_HTTP_ROUTE } from '@opentelemetry/semantic-conventions';
import type { ExpressRoute } from '../adapter/express-layers.js';
import { attributeBlock } from '../tracer/attribute-block.js';
import type { AttributeBlock } from '../tracer/attribute-block.js';
import { ATTR_NESTJS_CALLBACK, ATTR_NESTJS_CONTROLLER } from './semconv.js';

/** The controller's class and the method that answers, by name. */
export interface Handler {
  readonly controller: string;
  readonly callback: string;
}

/** A template of Nest and, where no other is possible, its handler: all that it gives to a span. */
export class HandlerRoute {
  readonly template: string;
  readonly handler: Handler | undefined;
  readonly block: AttributeBlock;
  /** The object that Express made of it, and puts on each request that it calls the handler for. */
  expressRoute: ExpressRoute | undefined;
  readonly #names = new Map<string, string>();

  constructor(template: string, handler: Handler | undefined) {
    this.template = template;
    this.handler = handler;
    this.block = attributeBlock({
      [ATTR_HTTP_ROUTE]: template,
      ...(handler && {
        [ATTR_CODE_FUNCTION_NAME]: `${handler.controller}.${handler.callback}`,
        [ATTR_NESTJS_CONTROLLER]: handler.controller,
        [ATTR_NESTJS_CALLBACK]: handler.callback,
      }),
    });
  }

  /** The span's name; `method` is one of a few. */
  nameOf(method: string): string {
    const known = this.#names.get(method);
    if (known !== undefined) return known;
    const name = `${method} ${this.template}`;
    this.#names.set(method, name);
    return name;
  }
}
