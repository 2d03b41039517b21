import { readFileSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import type { SecureContext } from 'node:tls';
import type { Clock } from '../send/sender.js';
import { TransportConfigError } from './config-error.js';
import type { Warn } from './config-error.js';
import { tlsMaterial } from './tls-material.js';
import type { TlsFileBytes, TlsMaterial, TlsOptions } from './tls-material.js';

const CHECK_EVERY_MS = 10_000;
/** After a failed handshake files are looked at sooner, still not for every attempt. */
const CHECK_AFTER_FAILURE_MS = 1000;
const FILES = ['caFile', 'certFile', 'keyFile'] as const;

/**
 * The TLS files of one endpoint. They are read once at start, where any fault stops it, and again when they changed.
 * Files that are half-written, gone or no pair are ignored then: what was read last stays in use, and they are tried
 * again each time.
 */
export class TlsFiles {
  readonly serverName: string | undefined;
  readonly #options: TlsOptions;
  readonly #clock: Clock;
  readonly #warn: Warn;
  #material: TlsMaterial;
  #version = 1;
  /** Of the files in use. */
  #seen: string;
  /** What could not be used as it was, and since when. */
  #tried = { signature: '', since: 0 };
  #checkedAt: number;
  #checking: Promise<void> | undefined;

  /** Throws TransportConfigError. Reads synchronously: nothing is served yet. */
  constructor(options: TlsOptions, clock: Clock, warn: Warn) {
    if ((options.certFile === undefined) !== (options.keyFile === undefined)) {
      throw new TransportConfigError('tls', 'tls: certFile and keyFile must be given together');
    }
    this.serverName = options.serverName;
    this.#options = options;
    this.#clock = clock;
    this.#warn = warn;
    const files = this.#given().map(([name, path]) => ({ name, path, ...readNow(path) }));
    this.#seen = files.map((file) => signatureOf(file.stats)).join();
    const bytes = Object.fromEntries(files.map((file) => [file.name, file.bytes]));
    this.#material = tlsMaterial(options, bytes, Date.now(), false);
    this.#checkedAt = clock.now();
    for (const text of this.#material.warnings) this.#tell(text);
    const key = files.find((file) => file.name === 'keyFile');
    if (key !== undefined && process.platform !== 'win32' && (key.stats.mode & 0o077) !== 0) {
      this.#tell(`${key.path} can be read by others than its owner`);
    }
  }

  get context(): SecureContext {
    return this.#material.context;
  }

  /** When the client certificate ends, in ms since 1970; undefined without one. */
  get expiresAt(): number | undefined {
    return this.#material.expiresAt;
  }

  /** Grows with each change that was taken over: connections of a smaller one should be replaced. */
  get version(): number {
    return this.#version;
  }

  /** Looks at the files, at most every 10 s, or 1 s after a failed handshake. Never rejects. */
  refresh(failed = false): Promise<void> {
    const wait = failed ? CHECK_AFTER_FAILURE_MS : CHECK_EVERY_MS;
    if (this.#checking !== undefined) return this.#checking;
    if (this.#clock.now() - this.#checkedAt < wait || this.#given().length === 0) return DONE;
    this.#checkedAt = this.#clock.now();
    this.#checking = this.#check().finally(() => (this.#checking = undefined));
    return this.#checking;
  }

  async #check(): Promise<void> {
    try {
      const stats = await Promise.all(this.#given().map(([, path]) => stat(path)));
      const seen = stats.map(signatureOf).join();
      if (seen === this.#seen) return;
      const isWritten = this.#isLasting(seen);
      this.#material = tlsMaterial(this.#options, await this.#read(), Date.now(), !isWritten);
      this.#seen = seen;
      this.#version++;
      for (const text of this.#material.warnings) this.#tell(text);
    } catch (error) {
      // A file that is gone has no signature; what comes in its place is another one anyway.
      const why = codeOf(error) ?? (error as Error).message;
      this.#warn('tls_files', `changed files are not used yet: ${why}`);
    }
  }

  /** Nobody writes to them any more. */
  #isLasting(signature: string): boolean {
    const now = this.#clock.now();
    if (this.#tried.signature === signature) return now - this.#tried.since >= CHECK_EVERY_MS;
    this.#tried = { signature, since: now };
    return false;
  }

  /** Each is a cause of its own, or of two only one would be printed. */
  #tell(text: string): void {
    this.#warn(`tls_files ${text}`, text);
  }

  #given(): [keyof TlsFileBytes, string][] {
    return FILES.flatMap((name) => {
      const path = this.#options[name];
      return path === undefined ? [] : [[name, path]];
    });
  }

  async #read(): Promise<TlsFileBytes> {
    const reads = this.#given().map(async ([name, path]) => [name, await readFile(path)] as const);
    return Object.fromEntries(await Promise.all(reads));
  }
}

const DONE = Promise.resolve();

function readNow(path: string): { stats: Stats; bytes: Buffer } {
  try {
    const stats = statSync(path);
    if (!stats.isDirectory()) return { stats, bytes: readFileSync(path) };
  } catch (error) {
    throw new TransportConfigError('tls', `tls: ${path} cannot be read (${codeOf(error)})`);
  }
  throw new TransportConfigError('tls', `tls: ${path} is a directory`);
}

function signatureOf(stats: Stats): string {
  return `${stats.ino}:${stats.size}:${stats.mtimeMs}`;
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' ? code : undefined;
}
