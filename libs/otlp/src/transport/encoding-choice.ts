import type { Warn } from '../pool/config-error.js';
import type { Encoding } from './encoding.js';

/**
 * `unproven`: nobody knows whether the server takes it; one request asks, the others use the fallback meanwhile.
 * `asking`: that request is under way. `taken` and `refused` are remembered.
 */
type Proof = 'unproven' | 'asking' | 'taken' | 'refused';

const NAMES_ENCODING = /encod|compress|gzip|zstd/i;
/** Statuses that servers answer an unknown encoding with. */
const UNKNOWN_ENCODING: ReadonlySet<string> = new Set(['415', 'UNIMPLEMENTED']);
/** Statuses of a message that cannot be read, whatever the reason. */
const UNREADABLE: ReadonlySet<string> = new Set(['400', 'INVALID_ARGUMENT', 'INTERNAL']);
/** How gRPC C-core up to 1.80 answers an unknown `grpc-encoding`: RST_STREAM INTERNAL_ERROR and no status. */
const RESET = 'RST_STREAM_2';

/** What a server said to an encoded request. */
export interface EncodingRefusal {
  /** That of the outcome. */
  readonly reason: string;
  readonly message: string;
  /** The connection that carried it; undefined where all of them are taken for one. */
  readonly connection?: object | undefined;
}

/**
 * Which encoding the next request uses. Servers must take gzip, so it is used at once; zstd only after this server
 * took one. A server that refuses the encoding gets the same request in the next simpler one: zstd, gzip, identity.
 *
 * What was taken is known for each connection, since several servers may stand behind one name. What one of them
 * refuses is not used with any.
 */
export class EncodingChoice {
  readonly #wanted: Encoding;
  readonly #warn: Warn;
  #zstd: Proof = 'unproven';
  #gzip: Proof = 'taken';
  readonly #takenBy: Record<Encoding, WeakSet<object>> = {
    identity: new WeakSet(),
    gzip: new WeakSet(),
    zstd: new WeakSet(),
  };

  constructor(wanted: Encoding, warn: Warn) {
    this.#wanted = wanted;
    this.#warn = warn;
  }

  pick(): Encoding {
    if (this.#wanted === 'zstd') {
      if (this.#zstd === 'taken') return 'zstd';
      if (this.#zstd === 'unproven') {
        this.#zstd = 'asking';
        return 'zstd';
      }
    }
    return this.#proven;
  }

  /** What to send the same batch in; undefined where the encoding cannot be what was refused. */
  fallback(encoding: Encoding, refusal: EncodingRefusal): Encoding | undefined {
    if (encoding === 'identity' || !this.#isAboutEncoding(encoding, refusal)) return undefined;
    return encoding === 'zstd' && this.#gzip !== 'refused' ? 'gzip' : 'identity';
  }

  /**
   * The server took a request in `encoding`, after it refused those in `refused`. Only the first of them is given up:
   * an answer to a later one may still be to the first, as with a server that keeps a parse error of its headers.
   */
  took(encoding: Encoding, refused: readonly Encoding[] = [], connection: object = this): void {
    this.#takenBy[encoding].add(connection);
    if (encoding === 'zstd' && this.#zstd !== 'refused') this.#zstd = 'taken';
    const [first] = refused;
    if (first === undefined) return;
    if (first === 'zstd') this.#zstd = 'refused';
    else this.#gzip = 'refused';
    this.#warn('encoding_refused', `the server does not take ${first}; using ${this.#proven}`);
  }

  /** A request in `encoding` came to an end that says nothing about it. */
  untold(encoding: Encoding): void {
    if (encoding === 'zstd' && this.#zstd === 'asking') this.#zstd = 'unproven';
  }

  /** The one that needs no asking. */
  get #proven(): Encoding {
    return this.#wanted === 'identity' || this.#gzip === 'refused' ? 'identity' : 'gzip';
  }

  #isAboutEncoding(encoding: Encoding, { reason, message, connection }: EncodingRefusal): boolean {
    const wasTaken = this.#takenBy[encoding].has(connection ?? this);
    if (reason === RESET) return !wasTaken;
    const isNamed = NAMES_ENCODING.test(message);
    // Where all connections are taken for one, another server may have taken it.
    if (UNKNOWN_ENCODING.has(reason)) return connection === undefined || !wasTaken || isNamed;
    if (!UNREADABLE.has(reason)) return false;
    // Who does not know zstd may see nothing but a broken message.
    return (encoding === 'zstd' && !wasTaken) || isNamed;
  }
}
