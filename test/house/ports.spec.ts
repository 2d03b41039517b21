import { projectFiles, read } from './tree.js';

/** A receiver without ports listens on those of OTLP, which only one process of a machine can have. */
const DEFAULT_PORTS = /createOtlpReceiver\(\{(?![^}]*\bgrpcPort\b|[^}]*\.\.\.)/;

describe('specs', () => {
  it('let receivers use any free port, because another process may have the ports of OTLP', () => {
    const specs = projectFiles('*.ts').filter(
      (file) => /\.spec\.ts$|\/fixtures\//.test(file) && !file.startsWith('test/house/'),
    );
    const wrong = specs.filter((file) => DEFAULT_PORTS.test(read(file)));
    expect(wrong).toEqual([]);
  });

  it('that use the ports of OTLP are found', () => {
    expect(DEFAULT_PORTS.test('createOtlpReceiver({ onExport })')).toBe(true);
    expect(DEFAULT_PORTS.test('createOtlpReceiver({ grpcPort: 0, onExport })')).toBe(false);
  });
});
