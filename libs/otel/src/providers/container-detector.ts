import { readFileSync } from 'node:fs';
import type { DetectedResource, ResourceDetector } from '@opentelemetry/resources';

/** The directory `/proc/self`, where Linux shows a process its control groups and its mounts. */
const SELF = '/proc/self';

/**
 * The texts that runtimes write before the id, and systemd after it: `cri-containerd-<id>.scope`, `libpod-<id>.scope`.
 */
const IN_CGROUP = /(?:^|[/:-])([0-9a-f]{32,64})(?:\.scope)?$/;
/** With its own namespace of control groups a container sees its id only in the path of its host name file. */
const IN_MOUNTS =
  /(?:^|\/)(?:overlay-)?containers\/(?:[^/\s]+\/)*?([0-9a-f]{64})\/(?:[^\s]*\/)?hostname\s/;

const linesOf = (file: string): readonly string[] => {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
};

const firstMatch = (lines: readonly string[], pattern: RegExp): string | undefined => {
  for (const line of lines) {
    const id = pattern.exec(line)?.[1];
    if (id !== undefined) return id;
  }
  return undefined;
};

/**
 * The id of the container by control groups of version 1 or 2. Finds nothing outside a container, elsewhere than on Linux, and
 * where the runtime shows no id. Source: semantic conventions 1.45, `container.id`.
 */
export const containerDetector = (self: string = SELF): ResourceDetector => ({
  detect(): DetectedResource {
    const id =
      firstMatch(linesOf(`${self}/cgroup`), IN_CGROUP) ??
      firstMatch(linesOf(`${self}/mountinfo`), IN_MOUNTS);
    return { attributes: id === undefined ? {} : { 'container.id': id } };
  },
});
