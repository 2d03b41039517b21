import type { Warn } from '../pool/config-error.js';
import type { Encoding } from './encoding.js';

/**
 * `unproven`: it is unknown whether the server takes it; one request tries it, and the others use the fallback
 * meanwhile. `asking`: that request is under way. `taken` and `refused` are remembered.
 */
type Proof = 'unproven' | 'asking' | 'taken' | 'refused';

const NAMES_ENCODING = /encod|compress|gzip|zstd/i;
/** Statuses with which servers answer an unknown encoding. */
const UNKNOWN_ENCODING: ReadonlySet<string> = new Set(['415', 'UNIMPLEMENTED']);
/** Statuses with which servers answer a message that they cannot read, whatever the reason. */
const UNREADABLE: ReadonlySet<string> = new Set(['400', 'INVALID_ARGUMENT', 'INTERNAL']);
/** How gRPC C-core up to 1.80 answers an unknown `grpc-encoding`: RST_STREAM INTERNAL_ERROR and no status. */
const RESET = 'RST_STREAM_2';

/** A server's refusal of an encoded request. */
interface EncodingRefusal {
  /** The reason of the outcome. */
  readonly reason: string;
  readonly message: string;
  /** The connection that carried the request; undefined if all connections count as one. */
  readonly connection?: object | undefined;
}

/**
 * Chooses the encoding of the next request. Servers must take gzip, so it is used at once; zstd only after this
 * server took a request in it. A server that refuses the encoding gets the same request in the next simpler one:
 * zstd, gzip, identity.
 *
 * A success is remembered for each connection, since several servers may stand behind one name. An encoding that one
 * of them refuses is not used with any.
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

  /** The encoding for sending the same batch again; undefined if the encoding cannot be the reason of the refusal. */
  fallback(encoding: Encoding, refusal: EncodingRefusal): Encoding | undefined {
    if (encoding === 'identity' || !this.#isAboutEncoding(encoding, refusal)) return undefined;
    return encoding === 'zstd' && this.#gzip !== 'refused' ? 'gzip' : 'identity';
  }

  /**
   * The server took a request in `encoding`, after it refused those in `refused`. Only the first of `refused` is
   * given up: the answer to a later request may still belong to the first, as with a server that keeps a parse error
   * of its headers.
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

  /** A request in `encoding` ended in a way that says nothing about the encoding. */
  untold(encoding: Encoding): void {
    if (encoding === 'zstd' && this.#zstd === 'asking') this.#zstd = 'unproven';
  }

  /** The encoding to use without a trial. */
  get #proven(): Encoding {
    return this.#wanted === 'identity' || this.#gzip === 'refused' ? 'identity' : 'gzip';
  }

  #isAboutEncoding(encoding: Encoding, { reason, message, connection }: EncodingRefusal): boolean {
    const wasTaken = this.#takenBy[encoding].has(connection ?? this);
    if (reason === RESET) return !wasTaken;
    const isNamed = NAMES_ENCODING.test(message);
    // If all connections count as one, another server may have taken it.
    if (UNKNOWN_ENCODING.has(reason)) return connection === undefined || !wasTaken || isNamed;
    if (!UNREADABLE.has(reason)) return false;
    // A server that does not know zstd may report only a broken message.
    return (encoding === 'zstd' && !wasTaken) || isNamed;
  }
}
