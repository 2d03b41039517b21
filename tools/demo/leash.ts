// Loaded into each service by --import. The demo holds the other end of stdin. When the demo is gone, for whatever
// reason, stdin ends and the service shuts down by itself.
process.stdin.on('end', () => process.kill(process.pid, 'SIGTERM'));
process.stdin.resume();
if ('unref' in process.stdin) process.stdin.unref();
