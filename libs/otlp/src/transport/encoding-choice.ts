import type { Warn } from '../pool/config-error.js';
import type { Encoding } from './encoding.js';

/**
 * `unproven`: nobody knows whether the server takes it; one request asks, the others use the fallback meanwhile.
 * `asking`: that request is under way. `taken` and `refused` are remembered.
 */
type Proof = 'unproven' | 'asking' | 'taken' | 'refused';

const NAMES_ENCODING = /encod|compress|gzip|zstd/i;

/** What a server said to an encoded request. `reason` is that of a refused Outcome. */
export interface EncodingRefusal {
  readonly reason: string;
  readonly message: string;
}

/**
 * Which encoding the next request uses. Servers must take gzip, so it is used at once; zstd only after this server
 * took one. A server that refuses the encoding gets the same request in the next simpler one.
 */
export class EncodingChoice {
  readonly #wanted: Encoding;
  readonly #warn: Warn;
  #zstd: Proof = 'unproven';
  #gzip: Proof = 'taken';

  constructor(wanted: Encoding, warn: Warn) {
    this.#wanted = wanted;
    this.#warn = warn;
  }

  pick(): Encoding {
    if (this.#wanted === 'identity') return 'identity';
    if (this.#wanted === 'zstd') {
      if (this.#zstd === 'taken') return 'zstd';
      if (this.#zstd === 'unproven') {
        this.#zstd = 'asking';
        return 'zstd';
      }
    }
    return this.#gzip === 'refused' ? 'identity' : 'gzip';
  }

  /** What to send the same batch in, once; undefined where the encoding cannot be what was refused. */
  fallback(encoding: Encoding, refusal: EncodingRefusal): Encoding | undefined {
    if (encoding === 'identity' || !this.#isAboutEncoding(encoding, refusal)) return undefined;
    return encoding === 'zstd' && this.#gzip !== 'refused' ? 'gzip' : 'identity';
  }

  /** The server took a request in `encoding`, after it refused it in `refused` where given. */
  took(encoding: Encoding, refused?: Encoding): void {
    if (encoding === 'zstd' && this.#zstd !== 'refused') this.#zstd = 'taken';
    if (refused === undefined) return;
    if (refused === 'zstd') this.#zstd = 'refused';
    else this.#gzip = 'refused';
    this.#warn('encoding_refused', `the server does not take ${refused}; using ${encoding}`);
  }

  /** A request in `encoding` came to an end that says nothing about it. */
  untold(encoding: Encoding): void {
    if (encoding === 'zstd' && this.#zstd === 'asking') this.#zstd = 'unproven';
  }

  #isAboutEncoding(encoding: Encoding, { reason, message }: EncodingRefusal): boolean {
    if (reason === '415' || reason === 'UNIMPLEMENTED') return true;
    if (reason !== '400' && reason !== 'INVALID_ARGUMENT' && reason !== 'INTERNAL') return false;
    // Who does not know zstd may see nothing but a broken message.
    return (encoding === 'zstd' && this.#zstd !== 'taken') || NAMES_ENCODING.test(message);
  }
}
