import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';

/** A command in Go, with every version pinned by `go.mod` and `go.sum` in its folder. */
interface GoCommand {
  readonly name: string;
  /** Beside this file. */
  readonly folder: string;
  /** The package to build. Default: the folder itself. */
  readonly builds?: string;
  readonly told: string;
}

const COLLECTOR: GoCommand = {
  name: 'collector',
  folder: 'distribution',
  told: 'the OpenTelemetry Collector of test/interop/distribution, once: a minute or two',
};
const KUBELET_PROBER: GoCommand = {
  name: 'kubelet-prober',
  folder: 'probes',
  told: "the kubelet's gRPC prober of test/interop/probes, once: a minute",
};
const GRPC_HEALTH_PROBE: GoCommand = {
  name: 'grpc-health-probe',
  folder: 'probes',
  builds: 'github.com/grpc-ecosystem/grpc-health-probe',
  told: 'grpc_health_probe, once',
};

/** Since this version `go` fetches the toolchain that a module asks for. */
const FETCHES_TOOLCHAINS = [1, 21] as const;
const FIRST_TO_FETCH = 'go1.21.0';

const exec = promisify(execFile);

/** Go is missing, or cannot build. The message is one line with the remedy. */
export class NoGoError extends Error {
  override readonly name = 'NoGoError';
}

/**
 * The place of a built command, outside the project. It depends on the source, the modules and the kind of machine.
 */
function pathOf({ name, folder }: GoCommand): string {
  const hash = createHash('sha256');
  for (const file of ['main.go', 'go.mod', 'go.sum']) {
    hash.update(readFileSync(join(import.meta.dirname, folder, file)));
  }
  hash.update(`${process.platform} ${process.arch}`);
  const { XDG_CACHE_HOME: given = '' } = process.env;
  const cache = isAbsolute(given) ? given : join(homedir(), '.cache');
  return join(cache, 'nestlens', `${name}-${hash.digest('hex').slice(0, 16)}`);
}

export function collectorPath(): string {
  return pathOf(COLLECTOR);
}

export function kubeletProberPath(): string {
  return pathOf(KUBELET_PROBER);
}

export function grpcHealthProbePath(): string {
  return pathOf(GRPC_HEALTH_PROBE);
}

/**
 * Builds the collector and the probes from their Go modules, unless that was done before. Go caches the modules and
 * objects itself. Throws NoGoError. Rejects with Go's output if a build fails.
 */
export async function buildCommands(say: (line: string) => void): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const command of [COLLECTOR, KUBELET_PROBER, GRPC_HEALTH_PROBE]) {
    paths.push(await build(command, say));
  }
  return paths;
}

async function build(command: GoCommand, say: (line: string) => void): Promise<string> {
  const path = pathOf(command);
  if (existsSync(path)) return path;
  const go = await findGo(say);
  say(`building ${command.told}`);
  mkdirSync(dirname(path), { recursive: true });
  // Built beside its final place, so that a command that is found there is complete.
  const fresh = `${path}.${process.pid}`;
  const options = ['-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags=-s -w'];
  await exec(go, ['build', ...options, '-o', fresh, command.builds ?? '.'], {
    cwd: join(import.meta.dirname, command.folder),
    env: { ...process.env, ...BUILDING },
    maxBuffer: 64 * 1024 * 1024,
  });
  renameSync(fresh, path);
  return path;
}

const BUILDING = { CGO_ENABLED: '0', GOTOOLCHAIN: 'auto', GOWORK: 'off' };

async function findGo(say: (line: string) => void): Promise<string> {
  let text: string;
  try {
    text = (await exec('go', ['version'], { cwd: tmpdir() })).stdout;
  } catch {
    throw new NoGoError('Go is not installed: any from 1.19 on will do (go.dev/dl, apt, brew)');
  }
  const [, major = 0, minor = 0, system = ''] = /go(\d+)\.(\d+)\S* (\S+)/.exec(text) ?? [];
  if (+major > FETCHES_TOOLCHAINS[0] || +minor >= FETCHES_TOOLCHAINS[1]) return 'go';
  say(`${text.trim()} is old: fetching ${FIRST_TO_FETCH} as a module`);
  return fetchGo(system.replace('/', '-'));
}

/** Toolchains are modules: an old `go` can fetch them, though it cannot run them by itself. */
async function fetchGo(system: string): Promise<string> {
  const toolchain = `golang.org/toolchain@v0.0.1-${FIRST_TO_FETCH}.${system}`;
  try {
    const options = { cwd: tmpdir(), env: { ...process.env, GOROOT: '' } };
    const { stdout } = await exec('go', ['mod', 'download', '-json', toolchain], options);
    const go = join((JSON.parse(stdout) as { Dir: string }).Dir, 'bin', 'go');
    // Modules contain no executables.
    chmodSync(go, 0o755);
    return go;
  } catch (error) {
    throw new NoGoError('this Go is too old and could not fetch another: install 1.21 or newer', {
      cause: error,
    });
  }
}
