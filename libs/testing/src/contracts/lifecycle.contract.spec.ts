import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import type { ContractCase } from './contract.js';
import { lifecycleCases, lifecycleContract } from './lifecycle.contract.js';
import type { Lifecycle } from './lifecycle.contract.js';

/** A listening socket. Its shutdown waits for `busy`. */
class Listener implements Lifecycle {
  protected server: Server | undefined;
  #closed: Promise<void> | undefined;
  busy: Promise<void> = Promise.resolve();

  async start(): Promise<void> {
    if (this.server !== undefined || this.#closed !== undefined) return;
    this.server = createServer().listen(0);
    await once(this.server, 'listening');
  }

  async flush(signal?: AbortSignal): Promise<void> {
    await untilAborted(this.busy, signal);
  }

  shutdown(signal?: AbortSignal): Promise<void> {
    return (this.#closed ??= this.#close(signal));
  }

  async #close(signal: AbortSignal | undefined): Promise<void> {
    await untilAborted(this.busy, signal);
    if (this.server?.listening === true) {
      this.server.close();
      await once(this.server, 'close');
    }
  }
}

const untilAborted = async (work: Promise<void>, signal?: AbortSignal): Promise<void> => {
  if (signal?.aborted === true) return;
  await (signal === undefined ? work : Promise.race([work, once(signal, 'abort')]));
};

class NewPromiseEachTime extends Listener {
  override async shutdown(signal?: AbortSignal): Promise<void> {
    await super.shutdown(signal);
  }
}

class NotTwice extends Listener {
  #shut = false;
  override shutdown(signal?: AbortSignal): Promise<void> {
    if (this.#shut) return Promise.reject(new Error('already shut down'));
    this.#shut = true;
    return super.shutdown(signal);
  }
}

class DeafToSignals extends Listener {
  override flush(): Promise<void> {
    return this.busy;
  }
}

const stalling = (subject: Listener) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    subject,
    stall: () => {
      subject.busy = promise;
    },
    release: resolve,
  };
};

const broken = async (cases: readonly ContractCase[]): Promise<string[]> => {
  const names: string[] = [];
  for (const { name, run } of cases) {
    await run().catch((error: unknown) => names.push(`${name}: ${(error as Error).message}`));
  }
  return names;
};

lifecycleContract('a sound listener', () => stalling(new Listener()), { stalls: true });

describe('lifecycleContract', () => {
  it('fails a subject whose concurrent shutdowns do not share a promise', async () => {
    await expect(
      broken(lifecycleCases(() => ({ subject: new NewPromiseEachTime() }))),
    ).resolves.toEqual([
      'shares one promise among concurrent shutdowns: the second shutdown() returned a promise of its own',
    ]);
  });

  it('fails a subject whose second shutdown rejects', async () => {
    const found = await broken(lifecycleCases(() => ({ subject: new NotTwice() })));
    expect(found).toContain('shuts down twice: already shut down');
  });

  it('fails a subject that ignores the signal', async () => {
    const cases = lifecycleCases(() => stalling(new DeafToSignals()), { stalls: true });
    await expect(broken(cases)).resolves.toEqual([
      'ends flush when its signal aborts: flush() with an aborted signal did not come back in 1000 ms',
      'ends flush if its signal was aborted before: flush() with an aborted signal did not come back in 1000 ms',
    ]);
  });
});
