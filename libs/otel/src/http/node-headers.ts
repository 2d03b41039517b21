import type { ClientRequest } from 'node:http';
import type { Context } from '@opentelemetry/api';
import type { HeaderCarrier } from '../propagation/client-headers.js';
import { isContextHeader, isPassedOn } from '../propagation/incoming-headers.js';

/** Fields of Node's request: the header block, once it is text, and whether it is on its way. */
interface WrittenRequest extends ClientRequest {
  _header?: unknown;
  readonly _headerSent?: unknown;
}

const linesOf = (block: string): string[] => block.slice(0, -4).split('\r\n');

const isNamed = (line: string, name: string): boolean =>
  line[name.length] === ':' && line.slice(0, name.length).toLowerCase() === name;

const valueIn = (lines: readonly string[], name: string): string | undefined => {
  const values = lines
    .filter((line) => isNamed(line, name))
    .map((line) => line.slice(name.length + 1).trim());
  return values.length === 0 ? undefined : values.join(',');
};

const headerText = (value: number | string | readonly string[] | undefined): string | undefined =>
  value === undefined ? undefined : String(value);

/**
 * The headers of a request of `node:http`. Node makes its text of headers given as a list before anybody hears of the
 * request; that text is changed while it has not been sent.
 */
export class NodeHeaders implements HeaderCarrier {
  readonly #request: WrittenRequest;

  constructor(request: ClientRequest) {
    this.#request = request;
  }

  /** Also of a request that is on its way. */
  get host(): string | undefined {
    const { _header: block } = this.#request;
    if (!this.#request.headersSent) return headerText(this.#request.getHeader('host'));
    return typeof block === 'string' ? valueIn(linesOf(block), 'host') : undefined;
  }

  get(name: string): string | null | undefined {
    if (!this.#request.headersSent) return headerText(this.#request.getHeader(name));
    const lines = this.#lines();
    return lines === undefined ? null : valueIn(lines, name);
  }

  set(name: string, value: string): void {
    if (this.#request.headersSent) this.#write([...(this.#lines() ?? []), `${name}: ${value}`]);
    else this.#request.setHeader(name, value);
  }

  remove(name: string): void {
    if (this.#request.headersSent) {
      this.#write(this.#lines()?.filter((line) => !isNamed(line, name)) ?? []);
    } else this.#request.removeHeader(name);
  }

  /** `undefined` where nothing can be changed any more. */
  #lines(): string[] | undefined {
    const { _header: block, _headerSent: isSent } = this.#request;
    const isOpen = typeof block === 'string' && isSent === false && block.endsWith('\r\n\r\n');
    return isOpen ? linesOf(block) : undefined;
  }

  #write(lines: readonly string[]): void {
    if (lines.length > 0) this.#request._header = `${lines.join('\r\n')}\r\n\r\n`;
  }
}

/**
 * Headers that come by `setHeader()`, as superagent sets each, come after ours: one that is only passed on does not
 * replace ours. Costs nothing for requests outside an incoming one.
 */
export const keepFromPassedOn = (request: ClientRequest, context: Context): void => {
  const setHeader = request.setHeader.bind(request);
  request.setHeader = (name, value) =>
    typeof name === 'string' &&
    isContextHeader(name.toLowerCase()) &&
    request.hasHeader(name) &&
    isPassedOn(context, name.toLowerCase(), String(value))
      ? request
      : setHeader(name, value);
};
