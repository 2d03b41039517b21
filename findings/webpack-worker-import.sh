#!/usr/bin/env bash
# webpack 5.113.0 breaks `new Worker(new URL(..., import.meta.url))` where `Worker` is imported from `node:worker_threads`
# (as its documentation shows for Node): the name and its replacement are both written, as `.Worker__webpack_require__.wc`,
# and the bundle ends with a TypeError. The build itself says nothing. Exits 1 once that is no longer so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts webpack@5.113.0
mkdir src
cat > src/main.js <<'JS'
import { Worker } from 'node:worker_threads';

new Worker(new URL('./worker.js', import.meta.url), { workerData: 1 });
JS
echo "console.log('the worker runs');" > src/worker.js
cat > build.mjs <<'JS'
import webpack from 'webpack';

webpack({ mode: 'none', target: 'node', entry: './src/main.js', output: { filename: 'main.cjs' } }).run((error, stats) => {
  console.log(`webpack ${webpack.version}: ${error ?? (stats.hasErrors() ? stats.toString('errors-only') : 'built without an error')}`);
});
JS
echo "node $(node --version)"
echo "without webpack: $(node src/main.js)"
node build.mjs
mkdir -p dist && echo '{ "type": "commonjs" }' > dist/package.json
output=$(node dist/main.cjs 2>&1 || true)
echo "bundled: $(grep -m 1 -E 'TypeError|the worker runs' <<< "$output")"
grep -q "TypeError: Cannot read properties of undefined (reading 'wc')" <<< "$output"
