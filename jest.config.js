export default {
  testEnvironment: 'node',
  // A busy machine is slow, not broken: no spec measures time, and one that hangs still ends.
  testTimeout: 30_000,
  testMatch: [
    '<rootDir>/{apps,libs}/*/src/**/*.spec.ts',
    '<rootDir>/test/**/*.{spec,e2e-spec}.ts',
    '<rootDir>/bench/**/*.spec.ts',
  ],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '@swc/jest' },
  moduleNameMapper: {
    '^@nestlens/otlp/wire$': '<rootDir>/libs/otlp/src/wire/index.ts',
    '^@nestlens/(otlp|otel|lens|testing|protos)$': '<rootDir>/libs/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
};
