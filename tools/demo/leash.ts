// Loaded into each service by --import: the demo holds the other end of stdin. When the demo is gone, however
// it went, stdin ends and the service shuts down by itself.
process.stdin.on('end', () => process.kill(process.pid, 'SIGTERM'));
process.stdin.resume();
if ('unref' in process.stdin) process.stdin.unref();
