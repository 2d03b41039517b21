// Prints the packages that a module loads whose name or path is given, and the files of each.
import { registerHooks } from 'node:module';

const files = {};
registerHooks({
  load(url, context, next) {
    const name = url.startsWith('node:')
      ? url
      : /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
    if (name !== undefined) files[name] = (files[name] ?? 0) + 1;
    return next(url, context);
  },
});
await import(process.argv[2]);
console.log(JSON.stringify(files));
