import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Generator } from '../load/start-generator.ts';
import { findCores } from '../processes/cores.ts';
import type { Cores } from '../processes/cores.ts';
import { Sink } from '../sink/start-sink.ts';
import { makeHome } from './home.ts';
import type { Form, Home } from './home.ts';
import { installPeers } from './peers.ts';
import { Server } from './server.ts';
import type { Adapter, Subject } from './subjects.ts';

export interface RigOptions {
  /** Another checkout, built, to compare with. */
  readonly against: string | undefined;
  readonly say: (line: string) => void;
  /** Default: published. */
  readonly form?: Form;
}

export interface StartOptions {
  readonly adapter: Adapter;
  readonly ratio: number;
  readonly flags?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

const project = fileURLToPath(new URL('../..', import.meta.url));

/** What the benches of servers need beside the servers: peers, sink, load generator, and cores for each. */
export class Rig {
  readonly sink: Sink;
  readonly generator: Generator;
  readonly cores: Cores;
  readonly #homes: Readonly<Record<'this' | 'other', Home | undefined>>;

  private constructor(
    sink: Sink,
    generator: Generator,
    cores: Cores,
    homes: Readonly<Record<'this' | 'other', Home | undefined>>,
  ) {
    this.sink = sink;
    this.generator = generator;
    this.cores = cores;
    this.#homes = homes;
  }

  static async set({ against, say, form = 'published' }: RigOptions): Promise<Rig> {
    const peers = await installPeers(say);
    const homes = {
      this: await makeHome(peers, project, form),
      other: against === undefined ? undefined : await makeHome(peers, resolve(against), form),
    };
    const cores = findCores();
    const sink = await Sink.start(cores.load);
    return new Rig(sink, await Generator.start(cores.load), cores, homes);
  }

  /** The subjects that can run: that of the other checkout only where there is one. */
  has({ packages = 'this' }: Subject): boolean {
    return this.#homes[packages] !== undefined;
  }

  start(subject: Subject, options: StartOptions): Promise<Server> {
    const home = this.#homes[subject.packages ?? 'this'];
    if (home === undefined) throw new Error(`${subject.name} needs --against`);
    const { sink, cores } = this;
    return Server.start({
      subject,
      sink,
      cores,
      main: home.main,
      folder: home.folder,
      ...options,
    });
  }

  async stop(): Promise<void> {
    await this.generator.stop();
    await this.sink.stop();
    for (const home of Object.values(this.#homes)) home?.remove();
  }
}
