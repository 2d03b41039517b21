import { apiCopies } from '../api/api-copies.js';
import type { ApiCopy } from '../api/api-copies.js';
import { isReadable, ownVersion, sharedVersion } from '../api/api-global.js';
import type { SlotOwner } from '../api/slot-owner.js';
import { globalProviders } from '../late-bound/globals.js';
import type { Ownership } from '../late-bound/globals.js';

/** The facts about the API in this process, looked up at each call. */
export interface ApiFacts {
  readonly owners: Ownership;
  /** The version that made the shared object, and that of the copy that we use. */
  readonly shared: string | undefined;
  readonly own: string;
  /** True if users' handles of our version see the registered objects. */
  readonly readable: boolean;
  readonly copies: readonly ApiCopy[];
}

export const apiFacts = (): ApiFacts => ({
  owners: globalProviders.ownership(),
  shared: sharedVersion(),
  own: ownVersion(),
  readable: isReadable(),
  copies: apiCopies(),
});

/** The consequence of another owner, by the part of the API. */
const MEANING: Readonly<Record<keyof Ownership, string>> = {
  traces: 'tracers from the API are theirs; spans of this package and what is injected stay ours',
  metrics: 'meters from the API are theirs; metrics of this package and what is injected stay ours',
  logs: 'loggers from the API are theirs; records of this package stay ours',
  context: 'it is used, not replaced',
  propagation: 'what this package sends and receives follows its own options',
};

/**
 * An SDK registers its tracers with its context manager. If it holds only the context manager, it was registered after
 * our import.
 */
const CAME_LATE =
  'it is used, not replaced; if an SDK brought it, that one came after the import of @nestlens/otel and gets no spans ' +
  'from the API: start it before';

const isOther = (owner: SlotOwner): owner is SlotOwner & { kind: 'other' } =>
  owner.kind === 'other';

type Finding = readonly [what: string, why: string];

const ownerFindings = (owners: Ownership): readonly Finding[] =>
  (Object.keys(MEANING) as (keyof Ownership)[]).flatMap((part) => {
    const owner = owners[part];
    if (!isOther(owner)) return [];
    const cameLate = part === 'context' && owners.traces.kind === 'ours';
    const meaning = cameLate ? CAME_LATE : MEANING[part];
    return [[`API ${part}`, `${owner.name} was registered first: ${meaning}`] as const];
  });

/** Copies of one version work as one. */
const copyFindings = (copies: readonly ApiCopy[]): readonly Finding[] => {
  if (new Set(copies.map(({ version }) => version)).size < 2) return [];
  const all = copies.map(({ version, path }) => `${version} in ${path}`).join(', ');
  return [['API copies', `there are several versions: ${all}`]];
};

/** Each surprising fact of the API with its consequence. Empty if all parts are ours. */
export const apiFindings = ({
  owners,
  shared,
  own,
  readable,
  copies,
}: ApiFacts): readonly Finding[] => {
  const findings = [...ownerFindings(owners), ...copyFindings(copies)];
  if (readable) return findings;
  const path = copies.find(({ version }) => version === shared)?.path;
  return [
    ...findings,
    [
      `API ${shared ?? ''}`,
      `${path ?? 'a copy of @opentelemetry/api'} was first, with tracers or meters of its own: code that uses version ` +
        `${own} sees neither them nor the active context; have one version installed`,
    ],
  ];
};
