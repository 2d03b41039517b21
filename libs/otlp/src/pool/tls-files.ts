import { readFileSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import type { SecureContext } from 'node:tls';
import type { Clock } from '../send/sender.js';
import { TransportConfigError } from './config-error.js';
import type { Warn } from './config-error.js';
import { judgeTls, TLS_FILES } from './tls-material.js';
import type {
  TlsFile,
  TlsFileBytes,
  TlsFinding,
  TlsJudgement,
  TlsMaterial,
  TlsOptions,
} from './tls-material.js';

const CHECK_EVERY_MS = 10_000;
/** After a failed handshake files are checked sooner, but still not for every attempt. */
const CHECK_AFTER_FAILURE_MS = 1000;

/**
 * The current result of reading the files, and the identities of those files.
 *
 * @internal
 */
export interface TlsReading extends TlsJudgement {
  readonly signature: string;
}

/**
 * Reads and checks the files of one destination, as at the start. Never throws.
 *
 * @internal
 */
export function readTls(options: TlsOptions, nowMs = Date.now()): TlsReading {
  const read = filesOf(options).map(([file, path]) => readNow(file, path));
  const bytes = Object.fromEntries(
    read.flatMap(({ file, bytes: found }) => (found === undefined ? [] : [[file, found]])),
  );
  const unread = read.flatMap(({ file, fault }) =>
    fault === undefined ? [] : [{ file, text: fault }],
  );
  const judged = judgeTls(options, bytes, unread, nowMs, false);
  const open = read
    .filter(({ file, stats }) => file === 'keyFile' && stats !== undefined && isOpen(stats))
    .map(({ file }) => ({ file, text: 'others than its owner can read the key; chmod 600' }));
  return {
    ...judged,
    warnings: [...judged.warnings, ...open],
    signature: read.map(({ stats }) => signatureOf(stats)).join(),
  };
}

/** A finding, with the path of its file. */
export function tlsLine(options: TlsOptions, { file, text }: TlsFinding): string {
  const path = options[file];
  return path === undefined ? `${file}: ${text}` : `${path}: ${text}`;
}

/** The message for TLS files beside an endpoint in plain text, which would not use them. */
export function tlsToPlain(origin: string): string {
  return `TLS options are given but the endpoint is ${origin}; write https://`;
}

/** The first of several faults, as an error. */
function tlsError(
  options: TlsOptions,
  faults: readonly TlsFinding[],
): TransportConfigError | undefined {
  const [first] = faults;
  return first && new TransportConfigError('tls', `tls: ${tlsLine(options, first)}`);
}

/**
 * The TLS files of one endpoint. They are read once at the start, where any fault stops it, and again after they
 * changed. Changed files that are half-written, missing or do not match are ignored: the last good files stay in use,
 * and the new ones are tried again at each check.
 *
 * The application reads the files once to check them, before it starts, and the sending thread reads them again here.
 * A context of TLS cannot go to another thread, a decrypted key should not, and a thread that replaces another one
 * hours later needs the files of that moment.
 */
export class TlsFiles {
  readonly serverName: string | undefined;
  readonly #options: TlsOptions;
  readonly #clock: Clock;
  readonly #warn: Warn;
  #material: TlsMaterial;
  #version = 1;
  /** Identities of the files in use. */
  #seen: string;
  /** Files that could not be used as they were, and since when. */
  #tried = { signature: '', since: 0 };
  #checkedAt: number;
  #checking: Promise<void> | undefined;

  /** Throws TransportConfigError. Reads synchronously: nothing is being served yet. */
  constructor(options: TlsOptions, clock: Clock, warn: Warn) {
    this.serverName = options.serverName;
    this.#options = options;
    this.#clock = clock;
    this.#warn = warn;
    const { material, faults, warnings, signature } = readTls(options);
    if (material === undefined) throw tlsError(options, faults)!;
    this.#material = material;
    this.#seen = signature;
    this.#checkedAt = clock.now();
    for (const warning of warnings) this.#tell(warning);
  }

  get context(): SecureContext {
    return this.#material.context;
  }

  /** Expiry of the client certificate, in ms since 1970; undefined without one. */
  get expiresAt(): number | undefined {
    return this.#material.expiresAt;
  }

  /** Increases with each change that was adopted: connections of a lower number should be replaced. */
  get version(): number {
    return this.#version;
  }

  /** Checks the files, at most every 10 s, or 1 s after a failed handshake. Never rejects. */
  refresh(failed = false): Promise<void> {
    const wait = failed ? CHECK_AFTER_FAILURE_MS : CHECK_EVERY_MS;
    if (this.#checking !== undefined) return this.#checking;
    if (this.#clock.now() - this.#checkedAt < wait || filesOf(this.#options).length === 0)
      return DONE;
    this.#checkedAt = this.#clock.now();
    this.#checking = this.#check().finally(() => (this.#checking = undefined));
    return this.#checking;
  }

  async #check(): Promise<void> {
    try {
      const stats = await Promise.all(filesOf(this.#options).map(([, path]) => stat(path)));
      const seen = stats.map(signatureOf).join();
      if (seen === this.#seen) return;
      const isWritten = this.#isLasting(seen);
      const bytes = await this.#read();
      const judged = judgeTls(this.#options, bytes, [], Date.now(), !isWritten);
      const [fault] = judged.faults;
      if (judged.material === undefined) {
        return this.#notYet(fault === undefined ? 'unknown' : tlsLine(this.#options, fault));
      }
      this.#material = judged.material;
      this.#seen = seen;
      this.#version++;
      for (const warning of judged.warnings) this.#tell(warning);
    } catch (error) {
      // A missing file has no identity. Its replacement has another one in any case.
      this.#notYet(codeOf(error) ?? (error as Error).message);
    }
  }

  #notYet(why: string): void {
    this.#warn('tls_files', `changed files are not used yet: ${why}`);
  }

  /** Whether the files have not been written to for a while. */
  #isLasting(signature: string): boolean {
    const now = this.#clock.now();
    if (this.#tried.signature === signature) return now - this.#tried.since >= CHECK_EVERY_MS;
    this.#tried = { signature, since: now };
    return false;
  }

  /** Each finding has its own cause, or only one of two would be printed. */
  #tell(finding: TlsFinding): void {
    const text = tlsLine(this.#options, finding);
    this.#warn(`tls_files ${text}`, text);
  }

  async #read(): Promise<TlsFileBytes> {
    const reads = filesOf(this.#options).map(
      async ([file, path]) => [file, await readFile(path)] as const,
    );
    return Object.fromEntries(await Promise.all(reads));
  }
}

const DONE = Promise.resolve();

function filesOf(options: TlsOptions): readonly (readonly [TlsFile, string])[] {
  return TLS_FILES.flatMap((file) => {
    const path = options[file];
    return path === undefined ? [] : [[file, path] as const];
  });
}

interface FileRead {
  readonly file: TlsFile;
  readonly stats?: Stats;
  readonly bytes?: Buffer;
  readonly fault?: string;
}

function readNow(file: TlsFile, path: string): FileRead {
  try {
    const stats = statSync(path);
    return { file, stats, bytes: readFileSync(path) };
  } catch (error) {
    const code = codeOf(error) ?? 'unreadable';
    return {
      file,
      fault: `the file cannot be read (${code}); write the path of a PEM file`,
    };
  }
}

/** On Windows the mode of a file does not show who may read it. */
function isOpen({ mode }: Stats): boolean {
  return process.platform !== 'win32' && (mode & 0o077) !== 0;
}

function signatureOf(stats: Stats | undefined): string {
  return stats === undefined ? '' : `${stats.ino}:${stats.size}:${stats.mtimeMs}`;
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' ? code : undefined;
}
