/** What to do about a place that is refused, as a sentence without its capital; undefined where it helps to wait. */
export function remedyOf(code: string): string | undefined {
  if (code === 'EEXIST' || code === 'ENOTDIR') {
    return 'it, or a part of it, is a file. Name a directory, or one to be made.';
  }
  if (code === 'EROFS') {
    return 'it lies on a read-only file system. Mount a writable volume, or name another directory.';
  }
  if (code !== 'EACCES' && code !== 'EPERM') return undefined;
  const user = process.getuid?.();
  const who = user === undefined ? 'this user' : `user ${user}`;
  return `${who} may not write there. Grant it (in Kubernetes: fsGroup), or name another directory.`;
}
