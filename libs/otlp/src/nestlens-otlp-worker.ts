// The file of the export worker. Its name is its own: what stands beside a bundle as `worker.js` is the application's.
import './pipeline/worker.js';
