import { chmod, copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { certificate, pem } from './fixtures/certificates.js';
import { ManualClock } from '../send/fixtures/manual-clock.js';
import { TlsFiles } from './tls-files.js';
import type { TlsOptions } from './tls-material.js';
import { judgeTls } from './tls-material.js';

let folder: string;
let warnings: string[];
function warn(_code: string, text: string): void {
  void warnings.push(text);
}

beforeEach(async () => {
  warnings = [];
  folder = await mkdtemp(join(tmpdir(), 'tls-'));
});
afterEach(() => rm(folder, { recursive: true }));

function at(name: string): string {
  return join(folder, name);
}
function open(options: TlsOptions, clock = new ManualClock()): TlsFiles {
  return new TlsFiles(options, clock, warn);
}

async function clientPair(): Promise<{ certFile: string; keyFile: string }> {
  await copyFile(certificate('client.pem'), at('tls.crt'));
  await copyFile(certificate('client.key'), at('tls.key'));
  await chmod(at('tls.key'), 0o600);
  return { certFile: at('tls.crt'), keyFile: at('tls.key') };
}

describe('TlsFiles at start', () => {
  it('refuse a file that is missing, a directory, empty or not PEM, and name its path', async () => {
    await writeFile(at('empty'), '');
    await writeFile(at('der'), new X509Certificate(pem('ca.pem')).raw);
    await writeFile(at('bom'), `\uFEFF${pem('ca.pem')}`);
    expect(() => open({ caFile: at('missing') })).toThrow(
      `${at('missing')}: the file cannot be read (ENOENT)`,
    );
    expect(() => open({ caFile: folder })).toThrow(`${folder}: the file cannot be read (EISDIR)`);
    expect(() => open({ caFile: at('empty') })).toThrow(`${at('empty')}: the file is empty`);
    expect(() => open({ caFile: at('der') })).toThrow(`${at('der')}: the file holds no PEM block`);
    expect(() => open({ caFile: at('bom') })).toThrow('byte order mark');
  });

  it('accept CRLF line ends', async () => {
    await writeFile(at('crlf'), pem('ca.pem').replaceAll('\n', '\r\n'));
    expect(open({ caFile: at('crlf') }).version).toBe(1);
  });

  it('need certificate and key together, and a key that belongs to its certificate', async () => {
    const { certFile, keyFile } = await clientPair();
    expect(() => open({ certFile })).toThrow('without its key; give both');
    expect(() => open({ keyFile })).toThrow('without its certificate; give both');
    const otherKey = certificate('client-next.key');
    expect(() => open({ certFile, keyFile: otherKey })).toThrow(
      `${otherKey}: this key does not belong to the certificate of certFile`,
    );
    await writeFile(certFile, pem('ca.pem') + pem('client.pem'));
    expect(() => open({ certFile, keyFile })).toThrow('put it first, its issuers after it');
    await writeFile(certFile, 'no -----BEGIN nothing');
    expect(() => open({ certFile, keyFile })).toThrow(certFile);
    await writeFile(certFile, pem('client.pem'));
    await writeFile(keyFile, pem('client.pem'));
    expect(() => open({ certFile, keyFile })).toThrow(`${keyFile}: the key cannot be used`);
  });

  it('decrypt a key, and never show the passphrase', async () => {
    const { certFile } = await clientPair();
    const keyFile = certificate('client-encrypted.key');
    const passphrase = 'canary-passphrase';
    expect(open({ certFile, keyFile, passphrase }).version).toBe(1);
    expect(() => open({ certFile, keyFile })).toThrow('is encrypted');
    let message = '';
    try {
      open({ certFile, keyFile, passphrase: 'canary-wrong' });
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain('does not open');
    expect(message).not.toContain('canary-');
  });

  it('use the good certificates of a bundle, and count the bad ones', async () => {
    const bad = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    await writeFile(at('bundle'), pem('ca.pem') + bad + pem('other-ca.pem'));
    open({ caFile: at('bundle') });
    expect(warnings).toEqual([expect.stringContaining('1 certificates cannot be read')]);
    await writeFile(at('bundle'), bad);
    expect(() => open({ caFile: at('bundle') })).toThrow('the certificate cannot be read');
  });

  it('warn if others can read the key', async () => {
    const { certFile, keyFile } = await clientPair();
    await chmod(keyFile, 0o644);
    open({ certFile, keyFile });
    expect(warnings).toEqual([expect.stringContaining('others than its owner can read the key')]);
  });

  it('warn if a certificate has expired, expires soon or is not valid yet', async () => {
    const { certFile, keyFile } = await clientPair();
    const bytes = { certFile: await readFile(certFile), keyFile: await readFile(keyFile) };
    function on(date: string): readonly string[] {
      return judgeTls({ certFile, keyFile }, bytes, [], Date.parse(date), false).warnings.map(
        ({ text }) => text,
      );
    }
    expect(on('2124-01-02')).toEqual([expect.stringContaining('expired on 2124-01-01')]);
    expect(on('2123-12-28')).toEqual([expect.stringContaining('expires on 2124-01-01')]);
    expect(on('2024-12-28')).toEqual([expect.stringContaining('not valid before 2025-01-01')]);
    expect(on('2026-01-01')).toEqual([]);
    expect(open({ certFile, keyFile }).expiresAt).toBe(Date.parse('2124-01-01T00:00:00Z'));
  });
});

describe('TlsFiles while in use', () => {
  it('use a renewed pair, after a check every 10 s', async () => {
    const clock = new ManualClock();
    const files = open(await clientPair(), clock);
    const before = files.context;
    await replace('tls.crt', 'client-next.pem');
    await replace('tls.key', 'client-next.key');
    clock.advanceAtOnce(9999);
    await files.refresh();
    expect(files.version).toBe(1);
    clock.advanceAtOnce(1);
    await files.refresh();
    expect(files.version).toBe(2);
    expect(files.context).not.toBe(before);
  });

  it('are checked earlier after a failed handshake', async () => {
    const clock = new ManualClock();
    await replace('ca', 'ca.pem');
    const files = open({ caFile: at('ca') }, clock);
    await replace('ca', 'other-ca.pem');
    clock.advanceAtOnce(1000);
    await files.refresh(true);
    expect(files.version).toBe(2);
  });

  it('keep the last good pair while files are half-written, do not match or are missing', async () => {
    const clock = new ManualClock();
    const files = open(await clientPair(), clock);
    const before = files.context;
    async function look(): Promise<number> {
      clock.advanceAtOnce(10_000);
      await files.refresh();
      return files.version;
    }
    await writeFile(at('tls.crt'), pem('client-next.pem').slice(0, 200));
    expect(await look()).toBe(1);
    await replace('tls.crt', 'client-next.pem');
    expect(await look()).toBe(1);
    await rm(at('tls.key'));
    expect(await look()).toBe(1);
    expect(files.context).toBe(before);
    expect(warnings).toHaveLength(3);
    await replace('tls.key', 'client-next.key');
    expect(await look()).toBe(2);
  });

  it('read a file again that could not be read, even if it did not change', async () => {
    const clock = new ManualClock();
    await replace('ca', 'ca.pem');
    const files = open({ caFile: at('ca') }, clock);
    async function look(): Promise<number> {
      clock.advanceAtOnce(10_000);
      await files.refresh();
      return files.version;
    }
    // A directory stands for a file that we may not read. Root could read any file.
    await rm(at('ca'));
    await mkdir(at('ca'));
    expect(await look()).toBe(1);
    expect(await look()).toBe(1);
    expect(warnings).toEqual(Array(2).fill('changed files are not used yet: EISDIR'));
    await rm(at('ca'), { recursive: true });
    await replace('ca', 'other-ca.pem');
    expect(await look()).toBe(2);
  });

  it('use a bundle with a bad certificate once the file no longer changes', async () => {
    const clock = new ManualClock();
    await replace('ca', 'ca.pem');
    const files = open({ caFile: at('ca') }, clock);
    await writeFile(at('ca'), pem('ca.pem') + pem('other-ca.pem').slice(0, 300));
    const versions: number[] = [];
    for (let second = 0; second <= 20; second += 1) {
      clock.advanceAtOnce(1000);
      await files.refresh(true);
      versions.push(files.version);
    }
    expect(versions.lastIndexOf(1)).toBe(9);
    expect(files.version).toBe(2);
    expect(warnings.at(-1)).toContain('1 certificates cannot be read');
  });

  async function replace(name: string, fixture: string): Promise<void> {
    await copyFile(certificate(fixture), at(`${name}.new`));
    await chmod(at(`${name}.new`), 0o600);
    await rename(at(`${name}.new`), at(name));
  }
});
