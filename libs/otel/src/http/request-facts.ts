import type { IncomingMessage } from 'node:http';
import type { AttributeValue, Attributes } from '@opentelemetry/api';
import {
  ATTR_CLIENT_ADDRESS,
  ATTR_HTTP_REQUEST_HEADER,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_REQUEST_METHOD_ORIGINAL,
  ATTR_NETWORK_PEER_ADDRESS,
  ATTR_NETWORK_PEER_PORT,
  ATTR_NETWORK_PROTOCOL_VERSION,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_URL_PATH,
  ATTR_URL_QUERY,
  ATTR_URL_SCHEME,
  ATTR_USER_AGENT_ORIGINAL,
} from '@opentelemetry/semantic-conventions';
import type { Span } from '@opentelemetry/api';
import { attributeBlock, setBlock } from '../tracer/attribute-block.js';
import type { AttributeBlock } from '../tracer/attribute-block.js';
import { parseAuthority, plainAddress } from './authority.js';
import { readForwarded } from './forwarded.js';
import type { Forwarded } from './forwarded.js';
import type { HttpSettings } from './http.settings.js';
import { bounded, headerValues, redactQuery } from './redaction.js';
import { targetOf } from './request-target.js';
import { OTHER } from './semconv.js';

const NOT_FORWARDED: Forwarded = { scheme: undefined, host: undefined, client: undefined };

/** The facts of a request that are known before its span starts. */
export interface RequestFacts {
  /** `http.request.method`: a known method or `_OTHER`. */
  readonly method: string;
  /** The span's name until the route is known. */
  readonly name: string;
  readonly scheme: string;
  /** `1.0`, `1.1` or `2`. */
  readonly protocolVersion: string;
  /** All of them as attributes. */
  readonly block: AttributeBlock;
}

/** Reads requests by the settings. One per app. */
export class RequestReader {
  readonly #settings: HttpSettings;
  readonly #headers: readonly (readonly [name: string, attribute: string])[];
  readonly #facts: RequestFacts[] = [];
  /** Most requests name the same host as the one before. */
  #lastHost: string | undefined;
  #lastScheme = '';
  #lastServer: AttributeBlock | undefined;

  constructor(settings: HttpSettings) {
    this.#settings = settings;
    this.#headers = settings.requestHeaders.map((name) => [name, ATTR_HTTP_REQUEST_HEADER(name)]);
  }

  forwarded(req: IncomingMessage): Forwarded {
    return this.#settings.trustProxy ? readForwarded(req.headers) : NOT_FORWARDED;
  }

  /** The same object for the same three facts, of which there are few. */
  facts(req: IncomingMessage, forwarded: Forwarded): RequestFacts {
    const given = req.method ?? '';
    const method = this.#settings.knownMethods.has(given) ? given : OTHER;
    const scheme = forwarded.scheme ?? (isEncrypted(req) ? 'https' : 'http');
    const protocolVersion = req.httpVersion === '2.0' ? '2' : req.httpVersion;
    for (const facts of this.#facts) {
      if (
        facts.method === method &&
        facts.scheme === scheme &&
        facts.protocolVersion === protocolVersion
      ) {
        return facts;
      }
    }
    const facts: RequestFacts = {
      method,
      name: method === OTHER ? 'HTTP' : method,
      scheme,
      protocolVersion,
      block: attributeBlock({
        [ATTR_HTTP_REQUEST_METHOD]: method,
        [ATTR_URL_SCHEME]: scheme,
        [ATTR_NETWORK_PROTOCOL_VERSION]: protocolVersion,
      }),
    };
    this.#facts.push(facts);
    return facts;
  }

  /** The attributes for samplers: the sampling-relevant ones of the conventions. */
  attributes(req: IncomingMessage, facts: RequestFacts, forwarded: Forwarded): Attributes {
    const record = new AttributeRecord();
    record.setAttribute(ATTR_HTTP_REQUEST_METHOD, facts.method);
    record.setAttribute(ATTR_URL_SCHEME, facts.scheme);
    const server = this.#serverOf(req, facts, forwarded);
    if (server !== undefined) Object.assign(record.attributes, server.attributes);
    this.#readRequest(record, req, facts, forwarded);
    return record.attributes;
  }

  /** All attributes. `hasSampled`: those of {@link attributes} are on the span. */
  describe(
    span: Span,
    req: IncomingMessage,
    facts: RequestFacts,
    forwarded: Forwarded,
    hasSampled: boolean,
  ): void {
    if (hasSampled) span.setAttribute(ATTR_NETWORK_PROTOCOL_VERSION, facts.protocolVersion);
    else {
      setBlock(span, facts.block);
      const server = this.#serverOf(req, facts, forwarded);
      if (server !== undefined) setBlock(span, server);
      this.#readRequest(span, req, facts, forwarded);
    }
    const peer = peerAddress(req);
    if (peer === undefined) return;
    span.setAttribute(ATTR_NETWORK_PEER_ADDRESS, peer);
    const { remotePort } = req.socket;
    if (remotePort !== undefined) span.setAttribute(ATTR_NETWORK_PEER_PORT, remotePort);
  }

  /** What differs from request to request. */
  #readRequest(
    to: AttributeTarget,
    req: IncomingMessage,
    facts: RequestFacts,
    forwarded: Forwarded,
  ): void {
    const { headers } = req;
    const target = targetOf(req);
    to.setAttribute(ATTR_URL_PATH, bounded(target.path));
    if (facts.method === OTHER && req.method !== undefined) {
      to.setAttribute(ATTR_HTTP_REQUEST_METHOD_ORIGINAL, req.method);
    }
    if (target.query !== undefined) {
      const query = redactQuery(bounded(target.query), this.#settings.redactQuery);
      to.setAttribute(ATTR_URL_QUERY, query);
    }
    const client = forwarded.client ?? peerAddress(req);
    if (client !== undefined) to.setAttribute(ATTR_CLIENT_ADDRESS, client);
    const agent = headers['user-agent'];
    if (agent !== undefined) to.setAttribute(ATTR_USER_AGENT_ORIGINAL, bounded(agent));
    for (const [name, attribute] of this.#headers) {
      const value = headers[name];
      if (value !== undefined) to.setAttribute(attribute, headerValues(name, value));
    }
  }

  #serverOf(
    { headers }: IncomingMessage,
    { scheme }: RequestFacts,
    forwarded: Forwarded,
  ): AttributeBlock | undefined {
    const host = forwarded.host ?? (headers[':authority'] as string | undefined) ?? headers.host;
    if (host === undefined) return undefined;
    if (host !== this.#lastHost || scheme !== this.#lastScheme) {
      const authority = parseAuthority(host, scheme);
      this.#lastServer =
        authority &&
        attributeBlock({
          [ATTR_SERVER_ADDRESS]: authority.address,
          ...(authority.port !== undefined && { [ATTR_SERVER_PORT]: authority.port }),
        });
      this.#lastHost = host;
      this.#lastScheme = scheme;
    }
    return this.#lastServer;
  }
}

/** A span, or an {@link AttributeRecord}. */
interface AttributeTarget {
  setAttribute(key: string, value: AttributeValue): unknown;
}

class AttributeRecord implements AttributeTarget {
  readonly attributes: Attributes = {};

  setAttribute(key: string, value: AttributeValue): void {
    this.attributes[key] = value;
  }
}

const isEncrypted = (req: IncomingMessage): boolean =>
  (req.socket as { readonly encrypted?: boolean }).encrypted === true;

const peerAddress = (req: IncomingMessage): string | undefined => {
  const address = req.socket.remoteAddress;
  return address === undefined ? undefined : plainAddress(address);
};
