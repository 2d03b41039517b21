import { parseTarget } from './request-target.js';

describe('parseTarget', () => {
  it.each([
    [undefined, '/', undefined],
    ['/', '/', undefined],
    ['/a?b=1', '/a', 'b=1'],
    ['/a?', '/a', undefined],
    ['/a?b#c', '/a', 'b'],
    ['/a#b?c', '/a', undefined],
    ['*', '*', undefined],
    ['//x', '//x', undefined],
    ['%', '%', undefined],
    ['', '', undefined],
    ['http://', '/', undefined],
    ['http://shop.test', '/', undefined],
    ['http://user:word@shop.test/a?b', '/a', 'b'],
    ['http://shop.test?b', '/', 'b'],
    ['shop.test:443', 'shop.test:443', undefined],
  ])('reads %j', (url, path, query) => {
    expect(parseTarget(url)).toEqual({ path, query });
  });
});
