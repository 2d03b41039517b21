// Lets a child process of a spec run our TypeScript as jest does: `node --import ./test/typescript.mjs app.ts`.
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { transformFileSync } from '@swc/core';

registerHooks({
  resolve(specifier, context, next) {
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
