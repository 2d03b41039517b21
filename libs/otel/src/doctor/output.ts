import type { CheckState, Diagnosis } from './check.js';

const STATES: readonly CheckState[] = ['ok', 'warning', 'fault', 'not checked'];
const STATE_WIDTH = Math.max(...STATES.map((state) => state.length));

const count = (diagnoses: readonly Diagnosis[], state: CheckState): number =>
  diagnoses.filter((diagnosis) => diagnosis.state === state).length;

/** One line for each check, then one with the counts. A remedy follows its finding behind an arrow. */
const lines = (diagnoses: readonly Diagnosis[]): string => {
  const width = Math.max(...diagnoses.map(({ check }) => check.length));
  const rows = diagnoses.map(({ check, state, text, remedy }) => {
    // A collector or a file may have lines of its own.
    const whole = `${text}${remedy === undefined ? '' : ` -> ${remedy}`}`.replace(/\s*\n\s*/g, ' ');
    return `${state.padEnd(STATE_WIDTH)}  ${check.padEnd(width)}  ${whole}`;
  });
  const sum = STATES.map((state) => `${count(diagnoses, state)} ${state}`).join(', ');
  return `${rows.join('\n')}\n\n${sum}\n`;
};

/** The output of the command. `json`: one document, `{ ok, checks: [{ check, state, text, remedy? }] }`. */
export const printed = (checks: readonly Diagnosis[], json: boolean): string => {
  if (!json) return lines(checks);
  const ok = count(checks, 'fault') === 0;
  return `${JSON.stringify({ ok, checks }, undefined, 2)}\n`;
};
