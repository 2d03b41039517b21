import { authorityAddress, peerAddress, targetAddress } from './address.js';

describe('targetAddress', () => {
  it.each([
    ['localhost:5000', 'localhost', 5000],
    ['dns:orders:5000', 'orders', 5000],
    ['dns:///orders.svc:5000', 'orders.svc', 5000],
    ['dns://8.8.8.8/orders:5000', 'orders', 5000],
    ['orders', 'orders', undefined],
    ['127.0.0.1:1', '127.0.0.1', 1],
    ['[::1]:50051', '::1', 50051],
    ['[::1]', '::1', undefined],
    ['::1', '::1', undefined],
    ['ipv4:10.0.0.1:80', '10.0.0.1', 80],
    ['ipv6:[2001:db8::1]:80', '2001:db8::1', 80],
    ['unix:///var/run/orders.sock', '/var/run/orders.sock', undefined],
    ['unix:orders.sock', 'orders.sock', undefined],
    ['unix-abstract:orders', 'orders', undefined],
    ['ipv4:10.0.0.1:80,10.0.0.2:80', 'ipv4:10.0.0.1:80,10.0.0.2:80', undefined],
    ['zk://zookeeper/orders', 'zk://zookeeper/orders', undefined],
    ['xds:///orders', 'xds:///orders', undefined],
    ['orders:http', 'orders:http', undefined],
    ['orders:99999', 'orders:99999', undefined],
    ['', '', undefined],
  ])('reads %s', (target, address, port) => {
    expect(targetAddress(target)).toEqual({ address, port });
  });
});

describe('authorityAddress', () => {
  it.each([
    ['orders.svc:5000', { address: 'orders.svc', port: 5000 }],
    ['[::1]:5000', { address: '::1', port: 5000 }],
    ['orders', { address: 'orders', port: undefined }],
    [undefined, undefined],
    ['', undefined],
    [':5000', undefined],
    ['a/b', undefined],
    ['[no-address]:1', undefined],
    ['x'.repeat(300), undefined],
  ])('reads %s', (authority, address) => {
    expect(authorityAddress(authority)).toEqual(address);
  });
});

describe('peerAddress', () => {
  it('reads an address, and is undefined for a target that is not connected', () => {
    expect(peerAddress('127.0.0.1:5000')).toEqual({ address: '127.0.0.1', port: 5000 });
    expect(peerAddress('dns:localhost:5000')).toBeUndefined();
    expect(peerAddress('unknown')).toBeUndefined();
  });
});
