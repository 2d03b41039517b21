import type { Batch } from './sender.js';

/** What became of a batch on its way: written by retry and transport, read by observe. */
export interface Trail {
  /** Attempts that left for the peer. */
  attempts: number;
  /** An attempt failed after which nobody knows whether the peer has the batch, and it was sent again. */
  resent: boolean;
  /** Nothing of the last attempt left: it had no connection, or no headers. */
  unsent: boolean;
  /** An attempt sent it a second time at once. */
  wentAtOnce: boolean;
}

const trails = new WeakMap<Batch, Trail>();

/** A new one for each operation. */
export const beginTrail = (batch: Batch): Trail => {
  const trail: Trail = { attempts: 0, resent: false, unsent: false, wentAtOnce: false };
  trails.set(batch, trail);
  return trail;
};

export const takeTrail = (batch: Batch): Trail | undefined => {
  const trail = trails.get(batch);
  trails.delete(batch);
  return trail;
};

/** What becomes of `body`, which is sent in the place of a batch, becomes of the batch. */
export const shareTrail = (batch: Batch, body: Batch): void => {
  const trail = trails.get(batch);
  if (trail !== undefined) trails.set(body, trail);
};

/** What became of a part is what became of the whole. */
export const joinTrail = (whole: Batch, part: Batch): void => {
  const joined = takeTrail(part);
  if (joined === undefined) return;
  // What was divided before its first attempt has none yet.
  const trail = trails.get(whole) ?? beginTrail(whole);
  trail.attempts += joined.attempts;
  trail.resent ||= joined.resent;
};

/** It is sent again within an attempt, and the peer may have it. */
export const noteResent = (batch: Batch): void => {
  const trail = trails.get(batch);
  if (trail !== undefined) trail.resent = true;
};

/** Whether it may be sent again within an attempt: once for each operation, for a later failure is worth a pause. */
export const mayGoAtOnce = (batch: Batch): boolean => {
  const trail = trails.get(batch);
  if (trail === undefined) return true;
  const isFirst = !trail.wentAtOnce;
  trail.wentAtOnce = true;
  return isFirst;
};

export const isUnsent = (batch: Batch): boolean => trails.get(batch)?.unsent ?? false;

/** Its attempt ended before anything of it left. */
export const noteUnsent = (batch: Batch): void => {
  const trail = trails.get(batch);
  if (trail !== undefined) trail.unsent = true;
};
