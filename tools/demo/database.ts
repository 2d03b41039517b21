// PostgreSQL in a process group of its own, so that Ctrl-C in the terminal does not take it away from services
// that still finish their work. Stops when its stdin ends. Arguments: the databases.
import { startPostgres } from '../postgres.ts';

const databases = process.argv.slice(2);
const postgres = await startPostgres({ databases });
const urls = Object.fromEntries(databases.map((name) => [name, postgres.url(name)]));
console.log(JSON.stringify({ urls }));

process.stdin.on('end', () => {
  void postgres.stop().then(() => process.exit(0));
});
process.stdin.resume();
