import { createHook } from 'node:async_hooks';
import { relative } from 'node:path';

/**
 * Handles that hold a descriptor, a thread or a process. Node reports when each is destroyed, whoever made it.
 */
const HANDLES: ReadonlySet<string> = new Set([
  'TCPWRAP',
  'TCPSERVERWRAP',
  'PIPEWRAP',
  'PIPESERVERWRAP',
  'UDPWRAP',
  'PROCESSWRAP',
  'FSEVENTWRAP',
  'STATWATCHER',
  'WORKER',
]);

/**
 * These handles count only while they keep the process alive. Otherwise they end with the process or with their
 * owner.
 */
const COUNTED_WHILE_REFERENCED: ReadonlySet<string> = new Set(['Timeout', 'MESSAGEPORT']);

/** Jest's own timers run through the same hook. */
const OF_THE_RUNNER = /[\\/]node_modules[\\/](?:jest-|@jest[\\/]|jest[\\/])/;
const OUTSIDE = /\(?node:|[\\/]open-resources\.[jt]s/;
const STACK_DEPTH = 30;

/** Tracking promises costs much and has no use here. Older versions of Node ignore this option. */
const NO_PROMISES = { trackPromises: false };

/** The known properties of a handle. They depend on its type. */
interface Handle {
  hasRef?(): boolean;
  fd?: number;
  getsockname?(into: Address): unknown;
  getpeername?(into: Address): unknown;
}

interface Address {
  address?: string;
  port?: number;
}

interface Entry {
  readonly type: string;
  readonly handle: Handle;
  readonly made: { stack?: string };
}

/** An open handle of Node. */
export interface OpenResource {
  /** Type in async_hooks. */
  readonly type: string;
  /** Addresses of a socket, or `''`. */
  readonly detail: string;
  /** Innermost frames outside Node. `[]` for handles that Node itself made, such as an accepted connection. */
  readonly madeAt: readonly string[];
}

/** Records handles that are opened from now on, until `stop()`. */
export class OpenResources {
  readonly #entries = new Map<number, Entry>();
  #ownTurn = false;

  readonly #hook = createHook({
    init: (id, type, _trigger, handle: Handle) => {
      if (this.#ownTurn || !(HANDLES.has(type) || COUNTED_WHILE_REFERENCED.has(type))) return;
      this.#entries.set(id, { type, handle, made: stackHere() });
    },
    destroy: (id) => {
      this.#entries.delete(id);
    },
    ...NO_PROMISES,
  });

  start(): this {
    this.#hook.enable();
    return this;
  }

  stop(): void {
    this.#hook.disable();
    this.#entries.clear();
  }

  open(): OpenResource[] {
    return [...this.#entries.values()].filter(counts).map(describe);
  }

  /** Waits for one turn of the event loop, or `delayMs`. The wait itself is not recorded. */
  async pause(delayMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ownTurn = true;
    if (delayMs === 0) setImmediate(resolve);
    else setTimeout(resolve, delayMs);
    this.#ownTurn = false;
    await promise;
  }
}

const counts = ({ type, handle, made }: Entry): boolean => {
  if (handle.fd !== undefined && handle.fd >= 0 && handle.fd <= 2) return false;
  if (COUNTED_WHILE_REFERENCED.has(type) && handle.hasRef?.() !== true) return false;
  const [first] = frames(made);
  return first === undefined || !OF_THE_RUNNER.test(first);
};

const describe = ({ type, handle, made }: Entry): OpenResource => ({
  type,
  detail: [address(handle, 'getsockname'), address(handle, 'getpeername')]
    .filter((one) => one !== undefined)
    .join(' -> '),
  madeAt: frames(made)
    .filter((frame) => !OF_THE_RUNNER.test(frame) && frame !== 'new Promise (<anonymous>)')
    .slice(0, 3)
    .map(short),
});

const address = (handle: Handle, which: 'getsockname' | 'getpeername'): string | undefined => {
  const into: Address = {};
  try {
    handle[which]?.(into);
  } catch {
    // The socket was closed between two checks and has no address any more.
  }
  return into.port === undefined ? undefined : `${into.address}:${into.port}`;
};

/** Node formats a stack when it is first read, so keeping one is cheap. */
const stackHere = (): { stack?: string } => {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = STACK_DEPTH;
  const made = new Error('made here');
  Error.stackTraceLimit = limit;
  return made;
};

const frames = ({ stack = '' }: { stack?: string }): string[] =>
  stack
    .split('\n')
    .filter((line) => line.startsWith('    at ') && !OUTSIDE.test(line))
    .map((line) => line.slice('    at '.length));

const short = (frame: string): string =>
  frame.replace(/(?:file:\/\/)?(\/[^\s()]+?)(:\d+:\d+)/, (_, path: string, at: string) => {
    return `${relative(process.cwd(), path)}${at}`;
  });
