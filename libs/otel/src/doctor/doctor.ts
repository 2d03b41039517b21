import { errorText, withoutSecrets } from '../secrets/masked-text.js';
import { diagnose, notChecked } from './check.js';
import type { Check, Diagnosis, DoctorRequest } from './check.js';
import { copiesCheck } from './copies.js';
import { sourceChecks } from './source-checks.js';
import { versionChecks } from './versions.js';

/** Runs every check. Never rejects. Takes at most the limit for the options, and once more for the collector. */
export const doctor = async (request: DoctorRequest): Promise<readonly Diagnosis[]> => {
  const { project, entry, limitMs } = request;
  const runAll = (checks: readonly Check[]): Promise<readonly Diagnosis[]> =>
    Promise.all(checks.map((check) => diagnose(check, limitMs, withoutSecrets)));
  // 1. Checks of files on the disk. They block the loop, so they run before the checks that wait for answers.
  const read = await runAll([
    ...versionChecks(project, process.versions.node),
    copiesCheck(project),
    ...sourceChecks(project, entry),
  ]);
  // 2. Checks that need the package itself. An unsupported Node may fail to load it, and is reported all the same.
  return [...read, ...(await configured(request, runAll))];
};

const configured = async (
  request: DoctorRequest,
  runAll: (checks: readonly Check[]) => Promise<readonly Diagnosis[]>,
): Promise<readonly Diagnosis[]> => {
  try {
    const { configuredDiagnoses } = await import('./configured.js');
    return await configuredDiagnoses(request);
  } catch (error) {
    const why = `the package cannot be loaded: ${errorText(error)}`;
    return runAll([{ name: 'options and collector', run: () => notChecked(why) }]);
  }
};
