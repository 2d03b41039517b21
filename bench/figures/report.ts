import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';
import { describeMachine, loadText, machineLines } from './machine.ts';
import { saveResults } from './results.ts';
import { findingsText } from './section.ts';
import type { Findings } from './section.ts';

/** What every bench of this frame takes. */
export interface CommonOptions {
  readonly quick: boolean;
  /** Part of the name of a group. */
  readonly only: string;
  readonly json: boolean;
  /** Exit code 1 where a must falls short. */
  readonly assert: boolean;
  /** Keep the figures in bench/results.*. */
  readonly save: boolean;
  /** The folder of another checkout, built, whose Nestlens is measured beside ours. */
  readonly against: string | undefined;
  readonly trials: number | undefined;
}

const COMMON = {
  quick: { type: 'boolean', default: false },
  only: { type: 'string', default: '' },
  json: { type: 'boolean', default: false },
  assert: { type: 'boolean', default: false },
  save: { type: 'boolean', default: false },
  against: { type: 'string' },
  trials: { type: 'string' },
} as const satisfies ParseArgsConfig['options'];

type Further = NonNullable<ParseArgsConfig['options']>;
type ValuesOf<Options extends Further> = {
  readonly [Name in keyof Options]: Options[Name] extends { type: 'boolean' } ? boolean : string;
};

/** The options of the command line; `further` ones need defaults. Throws where one is not known. */
export function commonOptions<const Options extends Further>(
  further: Options,
): CommonOptions & ValuesOf<Options> {
  const { values } = parseArgs({ options: { ...COMMON, ...further } });
  const { trials } = values as { trials?: string };
  return {
    ...(values as unknown as CommonOptions & ValuesOf<Options>),
    trials: trials === undefined ? undefined : Number(trials),
  };
}

/** Runs a bench and tells what it found: a table or JSON on standard output, all else on standard error. */
export async function report(
  bench: string,
  how: string,
  cores: string,
  options: CommonOptions,
  run: () => Promise<Omit<Findings, 'bench' | 'how'>>,
): Promise<void> {
  const machine = describeMachine(cores);
  const findings: Findings = { bench, how, ...(await run()) };
  if (options.json) {
    console.log(JSON.stringify({ machine, loadAfter: loadText(), ...findings }, null, 2));
  } else {
    console.log(machineLines(machine).join('\n'));
    console.log(findingsText(findings));
    console.log(`load average at the end ${loadText()}`);
  }
  if (options.save) saveResults(findings, machine);
  const falls = findings.judged.some(({ verdict }) => verdict === 'falls short');
  if (options.assert && falls) process.exitCode = 1;
}
