import type { IncomingMessage } from 'node:http';
import type { Attributes } from '@opentelemetry/api';
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
import { parseAuthority, plainAddress } from './authority.js';
import type { Authority } from './authority.js';
import { readForwarded } from './forwarded.js';
import type { Forwarded } from './forwarded.js';
import type { HttpSettings } from './http.settings.js';
import { bounded, headerValues, redactQuery } from './redaction.js';
import type { RequestTarget } from './request-target.js';
import { OTHER } from './semconv.js';
import type { RequestFacts } from './server-request.js';

const NOT_FORWARDED: Forwarded = { scheme: undefined, host: undefined, client: undefined };

/** Reads requests by the settings. One per app. */
export class RequestReader {
  readonly #settings: HttpSettings;
  readonly #headers: readonly (readonly [name: string, attribute: string])[];
  readonly #facts: RequestFacts[] = [];
  /** Most requests name the same host as the one before. */
  #lastHost: string | undefined;
  #lastScheme = '';
  #lastAuthority: Authority | undefined;

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
    const facts = { method, name: method === OTHER ? 'HTTP' : method, scheme, protocolVersion };
    this.#facts.push(facts);
    return facts;
  }

  /** The attributes for samplers: the sampling-relevant ones of the conventions. */
  startAttributes(
    req: IncomingMessage,
    facts: RequestFacts,
    target: RequestTarget,
    forwarded: Forwarded,
  ): Attributes {
    const { headers } = req;
    const attributes: Attributes = {
      [ATTR_HTTP_REQUEST_METHOD]: facts.method,
      [ATTR_URL_PATH]: bounded(target.path),
      [ATTR_URL_SCHEME]: facts.scheme,
    };
    if (facts.method === OTHER) attributes[ATTR_HTTP_REQUEST_METHOD_ORIGINAL] = req.method;
    if (target.query !== undefined) {
      attributes[ATTR_URL_QUERY] = redactQuery(bounded(target.query), this.#settings.redactQuery);
    }
    const authority = this.#authority(
      forwarded.host ?? (headers[':authority'] as string | undefined) ?? headers.host,
      facts.scheme,
    );
    if (authority !== undefined) {
      attributes[ATTR_SERVER_ADDRESS] = authority.address;
      if (authority.port !== undefined) attributes[ATTR_SERVER_PORT] = authority.port;
    }
    const client = forwarded.client ?? peerAddress(req);
    if (client !== undefined) attributes[ATTR_CLIENT_ADDRESS] = client;
    const agent = headers['user-agent'];
    if (agent !== undefined) attributes[ATTR_USER_AGENT_ORIGINAL] = bounded(agent);
    for (const [name, attribute] of this.#headers) {
      const value = headers[name];
      if (value !== undefined) attributes[attribute] = headerValues(name, value);
    }
    return attributes;
  }

  /** The attributes that no sampler needs. They are worth their price only on a recorded span. */
  describe(span: Span, req: IncomingMessage, facts: RequestFacts): void {
    span.setAttribute(ATTR_NETWORK_PROTOCOL_VERSION, facts.protocolVersion);
    const peer = peerAddress(req);
    if (peer === undefined) return;
    span.setAttribute(ATTR_NETWORK_PEER_ADDRESS, peer);
    const { remotePort } = req.socket;
    if (remotePort !== undefined) span.setAttribute(ATTR_NETWORK_PEER_PORT, remotePort);
  }

  #authority(host: string | undefined, scheme: string): Authority | undefined {
    if (host === undefined) return undefined;
    if (host !== this.#lastHost || scheme !== this.#lastScheme) {
      this.#lastAuthority = parseAuthority(host, scheme);
      this.#lastHost = host;
      this.#lastScheme = scheme;
    }
    return this.#lastAuthority;
  }
}

const isEncrypted = (req: IncomingMessage): boolean =>
  (req.socket as { readonly encrypted?: boolean }).encrypted === true;

const peerAddress = (req: IncomingMessage): string | undefined => {
  const address = req.socket.remoteAddress;
  return address === undefined ? undefined : plainAddress(address);
};
