import { projectFiles, read } from './tree.js';

/** A receiver made without ports listens on those of OTLP, and only one process of a machine can have them. */
const ON_PORTS_OF_OTLP = /createOtlpReceiver\(\{(?![^}]*\bgrpcPort\b|[^}]*\.\.\.)/;

describe('specs', () => {
  it('ask for any free port: another spec, or a collector of the developer, may have those of OTLP', () => {
    const specs = projectFiles('*.ts').filter(
      (file) => /\.spec\.ts$|\/fixtures\//.test(file) && !file.startsWith('test/house/'),
    );
    const wrong = specs.filter((file) => ON_PORTS_OF_OTLP.test(read(file)));
    expect(wrong).toEqual([]);
  });

  it('are found where they do not', () => {
    expect(ON_PORTS_OF_OTLP.test('createOtlpReceiver({ onExport })')).toBe(true);
    expect(ON_PORTS_OF_OTLP.test('createOtlpReceiver({ grpcPort: 0, onExport })')).toBe(false);
  });
});
