import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const source = fileURLToPath(new URL('../peers', import.meta.url));
const MANIFESTS = ['package.json', 'package-lock.json'];

const exec = promisify(execFile);

/** Where the peers are, or will be: outside the project, under a hash of their manifest and lock. */
export function peersFolder(): string {
  const hash = createHash('sha256');
  for (const file of MANIFESTS) hash.update(readFileSync(join(source, file)));
  hash.update(`${process.platform} ${process.arch} ${process.versions.modules}`);
  const { XDG_CACHE_HOME: given = '' } = process.env;
  const cache = isAbsolute(given) ? given : join(homedir(), '.cache');
  return join(cache, 'nestlens', `bench-peers-${hash.digest('hex').slice(0, 16)}`);
}

/** Installs what the lock pins, unless that was done before. Rejects with npm's output. */
export async function installPeers(say: (line: string) => void): Promise<string> {
  const folder = peersFolder();
  if (existsSync(folder)) return folder;
  say('installing the peers of bench/peers, once: half a minute');
  // Beside its final place: a folder that is found there is complete.
  const fresh = `${folder}.${process.pid}`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  for (const file of MANIFESTS) copyFileSync(join(source, file), join(fresh, file));
  await exec('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: fresh,
    maxBuffer: 64 * 1024 * 1024,
  });
  renameSync(fresh, folder);
  return folder;
}

/** The version of a peer that the lock pins. */
export function peerVersion(name: string): string {
  const lock = JSON.parse(readFileSync(join(source, 'package-lock.json'), 'utf8')) as {
    packages: Readonly<Record<string, { readonly version?: string }>>;
  };
  const version = lock.packages[`node_modules/${name}`]?.version;
  if (version === undefined) throw new Error(`bench/peers has no ${name}`);
  return version;
}
