import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { root } from '../house/tree.js';

/** An npm registry on loopback that has only our packages. */
export interface LocalRegistry {
  /** URL for `.npmrc`: `@nestlens:registry=<url>`. */
  readonly url: string;
  close(): Promise<void>;
}

/** This date is long ago, because some clients skip recently published packages. */
const PUBLISHED = '2020-01-01T00:00:00.000Z';

interface Manifest {
  readonly name: string;
  readonly version: string;
}

/** Makes the registry's document of a package: the published manifest, and the tarball's address. */
const packument = (manifest: Manifest, tarball: Buffer, url: string): object => ({
  name: manifest.name,
  'dist-tags': { latest: manifest.version },
  time: { created: PUBLISHED, modified: PUBLISHED, [manifest.version]: PUBLISHED },
  versions: {
    [manifest.version]: {
      ...manifest,
      dist: {
        tarball: url,
        integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}`,
        shasum: createHash('sha1').update(tarball).digest('hex'),
      },
    },
  },
});

/**
 * Serves the packed libs like a registry, so that npm resolves them as for a user: a `file:` entry would be a
 * dependency of the app itself, with other rules for its peers. All other packages come from the configured registry.
 */
export const serveRegistry = async (
  tarballs: ReadonlyMap<string, string>,
): Promise<LocalRegistry> => {
  const answers = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const answer = answers.get(decodeURIComponent(request.url ?? ''));
    response.statusCode = answer === undefined ? 404 : 200;
    response.setHeader('cache-control', 'no-store');
    response.end(answer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // npm caches by URL, so each run has a path of its own: the port may be that of an earlier run.
  const path = `/${randomUUID()}/`;
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  for (const [name, file] of tarballs) {
    const lib = join(root, 'libs', name.replace('@nestlens/', ''));
    const manifest = JSON.parse(await readFile(join(lib, 'package.json'), 'utf8')) as Manifest;
    const tarball = await readFile(file);
    const of = packument(manifest, tarball, `${url}${basename(file)}`);
    answers.set(`${path}${basename(file)}`, tarball);
    answers.set(`${path}${name}`, Buffer.from(JSON.stringify(of)));
  }
  return {
    url,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
