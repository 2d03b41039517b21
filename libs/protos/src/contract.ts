import { fileURLToPath } from 'node:url';

/** The services of the shop that speak gRPC. */
export type ContractName = 'users' | 'inventory' | 'payments' | 'orders';

/** The service inside each package; its full name is `shop.orders.v1.Orders`. */
export const USERS_SERVICE = 'Users';
export const INVENTORY_SERVICE = 'Inventory';
export const PAYMENTS_SERVICE = 'Payments';
export const ORDERS_SERVICE = 'Orders';

/** The protobuf package, such as `shop.orders.v1`. */
export function packageName(name: ContractName): string {
  return `shop.${name}.v1`;
}

/** The absolute path of the .proto file, from `src` and from `dist`. */
export function protoPath(name: ContractName): string {
  return fileURLToPath(new URL(`../proto/${name}.proto`, import.meta.url));
}

/** What Nest's gRPC transport needs of a contract, on both sides; add the `url`. */
export function contract(name: ContractName) {
  return {
    package: packageName(name),
    protoPath: protoPath(name),
    // Fields that were not set arrive as their default value, as the types here say.
    loader: { defaults: true, arrays: true, longs: Number, enums: String },
  };
}
