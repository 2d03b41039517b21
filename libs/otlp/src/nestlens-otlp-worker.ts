// The file of the export worker. Its name is unusual because a file `worker.js` beside a bundle belongs to the
// application.
import './pipeline/worker.js';
