import { UsersConfig } from './users.config.js';

describe('UsersConfig', () => {
  it('takes values from the environment, and defaults otherwise', () => {
    const env = { DATABASE_URL: 'postgres://db:5432/users' };
    expect(new UsersConfig(env)).toEqual({
      port: 3002,
      grpcUrl: '0.0.0.0:50052',
      databaseUrl: 'postgres://db:5432/users',
    });
    const other = new UsersConfig({ ...env, PORT: '80', GRPC_URL: '[::]:81' });
    expect(other).toMatchObject({ port: 80, grpcUrl: '[::]:81' });
  });

  it('lists all faults in one error', () => {
    expect(() => new UsersConfig({ PORT: '0', GRPC_URL: 'users' })).toThrow(
      'users cannot start:\n' +
        '- PORT must be a port from 1 to 65535, not "0"\n' +
        '- GRPC_URL must look like host:port, not "users"\n' +
        '- DATABASE_URL must look like postgres://user:password@host:5432/users',
    );
  });
});
