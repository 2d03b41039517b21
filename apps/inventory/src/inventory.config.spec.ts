import { InventoryConfig } from './inventory.config.js';

describe('InventoryConfig', () => {
  it('takes values from the environment, and defaults otherwise', () => {
    const env = { DATABASE_URL: 'postgres://db:5432/inventory' };
    expect(new InventoryConfig(env)).toEqual({
      port: 3003,
      grpcUrl: '0.0.0.0:50053',
      databaseUrl: 'postgres://db:5432/inventory',
    });
    const other = new InventoryConfig({ ...env, PORT: '80', GRPC_URL: '[::]:81' });
    expect(other).toMatchObject({ port: 80, grpcUrl: '[::]:81' });
  });

  it('lists all faults in one error', () => {
    expect(() => new InventoryConfig({ PORT: '0', GRPC_URL: 'inventory' })).toThrow(
      'inventory cannot start:\n' +
        '- PORT must be a port from 1 to 65535, not "0"\n' +
        '- GRPC_URL must look like host:port, not "inventory"\n' +
        '- DATABASE_URL must look like postgres://user:password@host:5432/inventory',
    );
  });
});
