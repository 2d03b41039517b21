// Each service loads this module by --import. The demo holds the other end of stdin. When the demo is gone, for
// whatever reason, stdin ends and the service shuts down.
process.stdin.on('end', () => process.kill(process.pid, 'SIGTERM'));
process.stdin.resume();
if ('unref' in process.stdin) process.stdin.unref();
