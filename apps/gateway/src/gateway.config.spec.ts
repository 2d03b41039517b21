import { GatewayConfig } from './gateway.config.js';

describe('GatewayConfig', () => {
  it('has a default for each option', () => {
    expect(new GatewayConfig({})).toEqual({
      port: 3000,
      ordersUrl: '127.0.0.1:50051',
      usersUrl: '127.0.0.1:50052',
      inventoryUrl: '127.0.0.1:50053',
    });
  });

  it('takes values from the environment', () => {
    const config = new GatewayConfig({ PORT: '8080', ORDERS_URL: 'orders.shop.svc:50051' });
    expect(config.port).toBe(8080);
    expect(config.ordersUrl).toBe('orders.shop.svc:50051');
  });

  it('lists all faults in one error, with the value of each', () => {
    expect(() => new GatewayConfig({ PORT: '', USERS_URL: 'http://users:1' })).toThrow(
      'gateway cannot start:\n' +
        '- PORT must be a port from 1 to 65535, not ""\n' +
        '- USERS_URL must look like host:port, not "http://users:1"',
    );
  });
});
