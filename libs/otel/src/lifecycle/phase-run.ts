import { errorText } from '../secrets/masked-text.js';
import type { NamedHandler, ShutdownPhaseName } from './shutdown-phases.js';

/** `overran`: the deadline came first. `failed`: a handler threw. */
type PhaseOutcome = 'done' | 'overran' | 'failed';

export interface PhaseReport {
  readonly phase: ShutdownPhaseName;
  readonly ms: number;
  readonly outcome: PhaseOutcome;
  /** The handlers that hung, failed or left work, by name. */
  readonly left: readonly string[];
}

/** A step that hangs leaves the rest of the time to the steps after it. */
const STEP_SHARE = 0.6;

interface StepResult {
  overran: boolean;
  failed: boolean;
  left: string[];
}

const runStep = async (
  handlers: readonly NamedHandler[],
  deadlineMs: number,
): Promise<StepResult> => {
  const abort = new AbortController();
  const pending = new Set(handlers);
  const result: StepResult = { overran: false, failed: false, left: [] };
  const runs = handlers.map(async (handler) => {
    try {
      const left = await handler.run(abort.signal, deadlineMs);
      if (typeof left === 'string' && left !== '') result.left.push(`${handler.name}: ${left}`);
    } catch (error) {
      result.failed = true;
      result.left.push(`${handler.name} failed: ${errorText(error)}`);
    } finally {
      pending.delete(handler);
    }
  });
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      result.overran = true;
      abort.abort();
      // Handlers that obey their signal end within this turn, and are not reported as hanging.
      setImmediate(resolve);
    }, deadlineMs);
  });
  await Promise.race([Promise.all(runs), deadline]);
  clearTimeout(timer);
  for (const handler of pending) result.left.push(`${handler.name} did not end`);
  return { ...result, left: [...result.left] };
};

/** Runs every handler, past the deadline too (with an aborted signal), and never rejects. */
export const runPhase = async (
  phase: ShutdownPhaseName,
  steps: readonly (readonly NamedHandler[])[],
  deadlineMs: number,
): Promise<PhaseReport> => {
  const start = performance.now();
  const left: string[] = [];
  let overran = false;
  let failed = false;
  for (const [index, handlers] of steps.entries()) {
    const remaining = Math.max(0, deadlineMs - (performance.now() - start));
    const share = index === steps.length - 1 ? remaining : remaining * STEP_SHARE;
    const result = await runStep(handlers, share);
    overran ||= result.overran;
    failed ||= result.failed;
    left.push(...result.left);
  }
  return {
    phase,
    ms: Math.round(performance.now() - start),
    outcome: overran ? 'overran' : failed ? 'failed' : 'done',
    left,
  };
};
