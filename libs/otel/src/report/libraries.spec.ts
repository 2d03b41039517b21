import { loadedPackages, unseenLibraries } from './libraries.js';

describe('loadedPackages', () => {
  it('reads package names from file paths, also nested and scoped ones', () => {
    const cache = {
      '/app/dist/main.js': {},
      '/app/node_modules/pg/lib/index.js': {},
      '/app/node_modules/pg/node_modules/@scope/own/a.js': {},
      'C:\\app\\node_modules\\@redis\\client\\dist\\index.js': {},
    };
    expect([...loadedPackages(cache)]).toEqual(['pg', '@scope/own', '@redis/client']);
  });
});

describe('unseenLibraries', () => {
  it('lists loaded libraries without telemetry, by family', () => {
    expect(unseenLibraries(new Set(['pg', 'ioredis', 'kafkajs', 'express']))).toEqual([
      { what: 'database queries', why: 'pg, ioredis: make no spans' },
      {
        what: 'queues and brokers',
        why: 'kafkajs: carry no trace context and make no spans',
      },
    ]);
    expect(unseenLibraries(new Set(['dd-trace', 'bunyan']))).toEqual([
      { what: 'other tracers', why: expect.stringMatching(/^dd-trace: .*headers of their own/) },
      { what: 'loggers', why: 'bunyan: their lines are not sent' },
    ]);
    expect(unseenLibraries(new Set())).toEqual([]);
  });
});
