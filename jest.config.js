import { availableParallelism } from 'node:os';

export default {
  testEnvironment: 'node',
  // A busy machine is slow, not broken: no spec measures time, and one that hangs still ends.
  testTimeout: 120_000,
  // Never in this process: each spec file leaves some 8 MB of modules behind that Node cannot free, and only a worker can
  // be replaced.
  maxWorkers: Math.max(2, availableParallelism()),
  workerIdleMemoryLimit: '300MB',
  // A worker of a busy machine takes more than Jest's half a second to end, which Jest then calls a leak.
  workerGracefulExitTimeout: 30_000,
  // The reporter reads the heap of the workers and fails the run where one grew beyond its bound.
  logHeapUsage: true,
  reporters: ['default', '<rootDir>/tools/check/heap-reporter.ts'],
  testMatch: [
    '<rootDir>/{apps,libs}/*/src/**/*.spec.ts',
    '<rootDir>/test/**/*.{spec,e2e-spec}.ts',
    '<rootDir>/bench/**/*.spec.ts',
  ],
  // The packages as they are published: each has the name of its library.
  modulePathIgnorePatterns: ['<rootDir>/.nestlens/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '@swc/jest' },
  moduleNameMapper: {
    '^@nestlens/otlp/(wire|receiver)$': '<rootDir>/libs/otlp/src/$1/index.ts',
    '^@nestlens/testing/contracts$': '<rootDir>/libs/testing/src/contracts/index.ts',
    '^@nestlens/(otlp|otel|lens|testing|protos)$': '<rootDir>/libs/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
};
