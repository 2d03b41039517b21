import type { LensOptions } from '@nestlens/lens';

/** The result of reading the variables: options for the lens, or every fault. */
export type Environment =
  | { readonly kind: 'ok'; readonly options: LensOptions }
  | { readonly kind: 'wrong'; readonly faults: readonly string[] };

const numbers = [
  ['LENS_GRPC_PORT', 'grpcPort', 'a port, such as 4317, or 0 for any free one'],
  ['LENS_HTTP_PORT', 'httpPort', 'a port, such as 4318, or 0 for any free one'],
  ['LENS_API_PORT', 'apiPort', 'a port, such as 4319, or 0 for any free one'],
  ['LENS_MAX_BYTES', 'maxBytes', 'bytes, such as 268435456'],
] as const;

/** Reads `LENS_*`. An empty variable counts as absent. `createLens` checks ranges. */
export function readEnvironment(env: NodeJS.ProcessEnv): Environment {
  const faults: string[] = [];
  const options: { -readonly [K in keyof LensOptions]: LensOptions[K] } = {};
  for (const [variable, option, write] of numbers) {
    const value = env[variable]?.trim() ?? '';
    if (value === '') continue;
    if (/^\d{1,15}$/.test(value)) options[option] = Number(value);
    else faults.push(`${variable}=${value.slice(0, 80)} is wrong; write ${write}`);
  }
  const production = env['LENS_ALLOW_PRODUCTION']?.trim().toLowerCase() ?? '';
  if (production === 'true') options.allowProduction = true;
  else if (production !== '' && production !== 'false') {
    faults.push(`LENS_ALLOW_PRODUCTION=${production.slice(0, 80)} is wrong; write true or false`);
  }
  return faults.length === 0 ? { kind: 'ok', options } : { kind: 'wrong', faults };
}
