import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';
import { contract } from './contract.js';
import type { ContractName } from './contract.js';

/** The methods of the only service of a contract, as `Name: request→reply`, streams marked with `*`. */
function methods(name: ContractName): string[] {
  const { package: packageName, protoPath, loader: options } = contract(name);
  const definition = loader.loadSync(protoPath, options);
  const [service] = Object.entries(definition).filter(([, d]) => !('format' in d));
  expect(service?.[0].startsWith(`${packageName}.`)).toBe(true);
  return Object.values(service?.[1] as grpc.ServiceDefinition).map(
    (m) =>
      `${m.path.split('/')[1]}/${m.path.split('/')[2]}${m.requestStream ? ' in*' : ''}${m.responseStream ? ' out*' : ''}`,
  );
}

describe('contracts', () => {
  it('load from the .proto files under the names that the services use', () => {
    expect(methods('users')).toEqual(['shop.users.v1.Users/GetUser']);
    expect(methods('inventory')).toEqual([
      'shop.inventory.v1.Inventory/Reserve',
      'shop.inventory.v1.Inventory/Release',
      'shop.inventory.v1.Inventory/Restock in*',
      'shop.inventory.v1.Inventory/Sync in* out*',
    ]);
    expect(methods('payments')).toEqual([
      'shop.payments.v1.Payments/Charge',
      'shop.payments.v1.Payments/Refund',
    ]);
    expect(methods('orders')).toEqual([
      'shop.orders.v1.Orders/PlaceOrder',
      'shop.orders.v1.Orders/GetOrder',
      'shop.orders.v1.Orders/ListOrders',
      'shop.orders.v1.Orders/WatchOrder out*',
      'shop.orders.v1.Orders/Slow',
    ]);
  });
});
