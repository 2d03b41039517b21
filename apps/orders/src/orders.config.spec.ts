import { OrdersConfig } from './orders.config.js';

const DATABASE_URL = 'postgres://shop:s3cret@db:5432/orders';

describe('OrdersConfig', () => {
  it('needs a database, and has a default for each other option', () => {
    expect(new OrdersConfig({ DATABASE_URL })).toEqual({
      port: 3001,
      grpcUrl: '0.0.0.0:50051',
      databaseUrl: DATABASE_URL,
      usersUrl: '127.0.0.1:50052',
      inventoryUrl: '127.0.0.1:50053',
      paymentsUrl: '127.0.0.1:50054',
    });
  });

  it('accepts IPv6 addresses', () => {
    const config = new OrdersConfig({ DATABASE_URL, GRPC_URL: '[::1]:50051' });
    expect(config.grpcUrl).toBe('[::1]:50051');
  });

  it('lists all faults in one error', () => {
    const env = { PORT: '70000', GRPC_URL: 'orders', PAYMENTS_URL: 'pay ments:1' };
    expect(() => new OrdersConfig(env)).toThrow(
      'orders cannot start:\n' +
        '- PORT must be a port from 1 to 65535, not "70000"\n' +
        '- GRPC_URL must look like host:port, not "orders"\n' +
        '- PAYMENTS_URL must look like host:port, not "pay ments:1"\n' +
        '- DATABASE_URL must look like postgres://user:password@host:5432/orders',
    );
  });

  it('never shows a database URL, which may hold a password', () => {
    let message = '';
    try {
      void new OrdersConfig({ DATABASE_URL: 'shop s3cret' });
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain('DATABASE_URL');
    expect(message).not.toContain('s3cret');
  });
});
