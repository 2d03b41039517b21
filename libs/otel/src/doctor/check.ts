/** `not checked`: nothing is known, and the text says why. */
export type CheckState = 'ok' | 'warning' | 'fault' | 'not checked';

/** The result of a check. */
export interface Finding {
  readonly state: CheckState;
  /** The subject of the check and the fact found there. */
  readonly text: string;
  /** The remedy. Undefined if nothing is to be done. */
  readonly remedy?: string;
}

/** A finding with the name of its check: one line of the output. */
export interface Diagnosis extends Finding {
  readonly check: string;
}

/** A question about the project. Answers with one finding, and never rejects. */
export interface Check {
  readonly name: string;
  readonly run: (signal: AbortSignal) => Finding | Promise<Finding>;
}

export const ok = (text: string): Finding => ({ state: 'ok', text });
export const warning = (text: string, remedy: string): Finding => ({
  state: 'warning',
  text,
  remedy,
});
export const fault = (text: string, remedy?: string): Finding => ({
  state: 'fault',
  text,
  ...(remedy !== undefined && { remedy }),
});
export const notChecked = (text: string, remedy?: string): Finding => ({
  state: 'not checked',
  text,
  ...(remedy !== undefined && { remedy }),
});

/** The time in which an aborted check may still answer, since its answer says more than its abort. */
const LET_GO_MS = 500;

/** Runs one check within `limitMs`. A check without an answer by then is `not checked`, and its signal is aborted. */
export const diagnose = async (
  { name, run }: Check,
  limitMs: number,
  mask: (text: string) => string,
): Promise<Diagnosis> => {
  const stop = new AbortController();
  const timers: NodeJS.Timeout[] = [];
  const expired = new Promise<Finding>((resolve) => {
    const expire = (): void => resolve(notChecked(`no answer within ${limitMs} ms`));
    // These keep the process alive: a promise that never settles would end it without a word.
    timers.push(setTimeout(() => stop.abort(), limitMs));
    timers.push(setTimeout(expire, limitMs + LET_GO_MS));
  });
  const { state, text, remedy } = await Promise.race([attempt(run, stop.signal), expired]);
  for (const timer of timers) clearTimeout(timer);
  return {
    check: name,
    state,
    text: mask(text),
    ...(remedy !== undefined && { remedy: mask(remedy) }),
  };
};

const attempt = async (run: Check['run'], signal: AbortSignal): Promise<Finding> => {
  try {
    return await run(signal);
  } catch (error) {
    const { message = String(error) } = error as Partial<Error>;
    return notChecked(`the check itself failed: ${message}`);
  }
};

/** The project and files that the command checks. */
export interface DoctorRequest {
  /** The folder of the app's `package.json`. */
  readonly project: string;
  /** The file that starts the app, from the project. Default: the entry of `nest-cli.json`, then `src/main.ts`. */
  readonly entry: string | undefined;
  /** A file with the options of `forRoot`, from the project. Default: none. */
  readonly options: string | undefined;
  /** The time limit of each check, in ms. */
  readonly limitMs: number;
}
