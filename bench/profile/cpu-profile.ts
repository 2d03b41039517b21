/** The part of V8's format of CPU profiles that is read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      readonly lineNumber: number;
    };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[];
}

/** A function on one path of calls. */
export interface Frame {
  readonly name: string;
  /** The package, or the room of ours, that it belongs to. */
  readonly owner: string;
  /** In itself and in all that it calls. */
  readonly us: number;
  readonly selfUs: number;
  readonly callees: readonly Frame[];
}

const IDLE = '(idle)';

/** Returns the owner of a file: a package, `otel/<room>` or `otlp/<room>` of ours, `node`, or `app`. */
export function ownerOf(url: string, name: string): string {
  if (url === '') return name.startsWith('(') ? name : 'node';
  if (url.startsWith('node:')) return 'node';
  const ours = /@nestlens\/(otel|otlp)\/dist\/(?:([^/]+)\/)?[^/]+$/.exec(url);
  if (ours !== null) return `${ours[1]}/${ours[2] ?? 'src'}`;
  const inPackages = url.lastIndexOf('node_modules/');
  if (inPackages === -1) return 'app';
  const [scope = '', inner = ''] = url.slice(inPackages + 'node_modules/'.length).split('/');
  return scope.startsWith('@') ? `${scope}/${inner}` : scope;
}

/** Builds the tree of calls, with the time of each; a thread that waits is left out. */
export function framesOf({ nodes, samples, timeDeltas }: CpuProfile): Frame {
  const self = new Map<number, number>();
  for (const [at, id] of samples.entries()) {
    // The sample stands for the time until the next one.
    self.set(id, (self.get(id) ?? 0) + (timeDeltas[at + 1] ?? 0));
  }
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const build = (id: number): Frame => {
    const node = byId.get(id);
    const { functionName = '', url = '' } = node?.callFrame ?? {};
    const callees = (node?.children ?? []).map(build).filter(({ us }) => us > 0);
    const selfUs = functionName === IDLE ? 0 : (self.get(id) ?? 0);
    const name = functionName === '' ? '(anonymous)' : functionName;
    const us = callees.reduce((sum, callee) => sum + callee.us, selfUs);
    return { name, owner: ownerOf(url, functionName), us, selfUs, callees };
  };
  return build(nodes[0]?.id ?? 0);
}

/** Returns the time in the functions of each owner themselves, most first. */
export function selfByOwner(root: Frame): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  const add = ({ owner, selfUs, callees }: Frame): void => {
    if (selfUs > 0) times.set(owner, (times.get(owner) ?? 0) + selfUs);
    for (const callee of callees) add(callee);
  };
  add(root);
  return new Map([...times].toSorted(([, a], [, b]) => b - a));
}
