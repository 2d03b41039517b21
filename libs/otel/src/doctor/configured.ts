import type { OtelConfig } from '../options/otel.config.js';
import { SecretMask } from '../secrets/secret-mask.js';
import { diagnose } from './check.js';
import type { Check, Diagnosis, DoctorRequest } from './check.js';
import { collectorChecks, collectorNotChecked } from './collector.js';
import { optionsCheck } from './options.js';

/** The checks that need the options, and the pipeline to send. */
export const configuredDiagnoses = async ({
  project,
  options,
  limitMs,
}: DoctorRequest): Promise<readonly Diagnosis[]> => {
  let config: OtelConfig | undefined;
  let mask = new SecretMask();
  const runAll = (checks: readonly Check[]): Promise<readonly Diagnosis[]> =>
    Promise.all(checks.map((check) => diagnose(check, limitMs, (text) => mask.mask(text))));
  // 1. The options, which give the destinations and the secrets.
  const keep = (read: OtelConfig): void => {
    config = read;
    mask = SecretMask.of(read.secrets.reveal());
  };
  const chosen = await runAll([optionsCheck(project, options, keep)]);
  // 2. The collector, which all its checks ask at the same time.
  const asked = await runAll(
    config ? collectorChecks(config) : collectorNotChecked('the options are not known'),
  );
  return [...chosen, ...asked];
};
