import { PaymentsConfig } from './payments.config.js';

describe('PaymentsConfig', () => {
  it('takes values from the environment, and defaults otherwise', () => {
    const env = {};
    expect(new PaymentsConfig(env)).toEqual({ port: 3004, grpcUrl: '0.0.0.0:50054' });
    const other = new PaymentsConfig({ ...env, PORT: '80', GRPC_URL: '[::]:81' });
    expect(other).toMatchObject({ port: 80, grpcUrl: '[::]:81' });
  });

  it('lists all faults in one error', () => {
    expect(() => new PaymentsConfig({ PORT: '0', GRPC_URL: 'payments' })).toThrow(
      'payments cannot start:\n' +
        '- PORT must be a port from 1 to 65535, not "0"\n' +
        '- GRPC_URL must look like host:port, not "payments"',
    );
  });
});
