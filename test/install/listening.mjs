// Starts the stock app beside this file and prints its address, because the app of `nest new` does not.
import { tracingChannel } from 'node:diagnostics_channel';

tracingChannel('net.server.listen').asyncEnd.subscribe(({ server }) => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});

await import('./main.js');
