import type { ShelfItem } from '../store/shelf.js';

/** The work that one request may do. A rare match is found over several pages. */
const MAX_EFFORT = 200_000;

interface PageRequest<I> {
  readonly newest: I | undefined;
  /** Arrival number of the last item seen; undefined for the first page. */
  readonly cursor: number | undefined;
  readonly limit: number;
  /** The cost of looking at one item; default 1. */
  readonly effort?: (item: I) => number;
  readonly matches: (item: I) => boolean;
}

export interface Page<I> {
  readonly items: I[];
  /** The `cursor` for the next page; null at the end. A page may be short without being the last. */
  readonly nextCursor: string | null;
}

/** Latest arrivals first. Items that arrive between two pages do not shift the second. */
export function page<I extends ShelfItem<I>>(request: PageRequest<I>): Page<I> {
  const { cursor, limit, effort, matches } = request;
  const items: I[] = [];
  let spent = 0;
  let item = request.newest;
  if (cursor !== undefined) while (item !== undefined && item.order >= cursor) item = item.previous;
  for (; item !== undefined; item = item.previous) {
    if (matches(item)) items.push(item);
    spent += effort?.(item) ?? 1;
    if (items.length >= limit || spent >= MAX_EFFORT) {
      return { items, nextCursor: item.previous === undefined ? null : String(item.order) };
    }
  }
  return { items, nextCursor: null };
}
