// Lets a child process of a spec run our TypeScript like Jest does: `node --import ./test/e2e/typescript.mjs
// app.ts`.
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { transformFileSync } from '@swc/core';

/** Our libs are loaded from source, so that no module of them is loaded twice. */
const OURS = /^@nestlens\/(otlp|otel|testing)(\/wire|\/receiver)?$/;
const sources = new URL('../../libs/', import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    const ours = OURS.exec(specifier);
    if (ours) return next(`${sources}${ours[1]}/src${ours[2] ?? ''}/index.ts`, context);
    try {
      return next(specifier, context);
    } catch (error) {
      if (!specifier.startsWith('.') || !specifier.endsWith('.js')) throw error;
      return next(specifier.replace(/\.js$/, '.ts'), context);
    }
  },
  load(url, context, next) {
    if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
    const { code } = transformFileSync(fileURLToPath(url), { swcrc: true });
    return { format: 'module', source: code, shortCircuit: true };
  },
});
