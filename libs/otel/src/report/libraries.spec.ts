import { loadedPackages, unseenLibraries } from './libraries.js';

describe('loadedPackages', () => {
  it('reads the names of packages from the paths of their files, nested and scoped ones too', () => {
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
  it('tells by family what leaves no telemetry, and nothing of what is not there', () => {
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
