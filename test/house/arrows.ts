/** One import: the file that has it, and the file that it names. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
}

/** Returns the folder below `src` that contains a file, or `undefined` for a file directly in `src`. */
export const roomOf = (file: string): string | undefined => /\/src\/([^/]+)\/[^/]/.exec(file)?.[1];

/** Returns the rows of the table of rooms, top first. Rooms in one row do not import each other. */
export const roomRows = (page: string): readonly (readonly string[])[] => {
  const section = /\n## Rooms of [^\n]*\n([^]*?)\n## /.exec(page)?.[1] ?? '';
  return [...section.matchAll(/^\| *((?:`[a-z-]+`(?:, )?)+) *\|/gm)].map(([, cell = '']) =>
    [...cell.matchAll(/`([a-z-]+)`/g)].map(([, room = '']) => room),
  );
};

/** Returns every circle that a walk along the arrows meets, each as the files on it. */
export const circlesIn = (arrows: readonly Arrow[]): readonly string[] => {
  const next = new Map<string, Set<string>>();
  for (const { from, to } of arrows) next.set(from, (next.get(from) ?? new Set()).add(to));
  const circles: string[] = [];
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]): void => {
    const met = path.indexOf(file);
    if (met !== -1) circles.push([...path.slice(met), file].join(' -> '));
    if (met !== -1 || done.has(file)) return;
    for (const other of next.get(file) ?? []) walk(other, [...path, file]);
    done.add(file);
  };
  for (const file of next.keys()) walk(file, []);
  return circles;
};
