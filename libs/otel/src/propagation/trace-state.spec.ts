import { createTraceState } from '@opentelemetry/api';
import { W3CTraceState, serializeTraceState } from './trace-state.js';

const sent = (text: string): string => new W3CTraceState(text).serialize();
const list = (count: number, value = '1'): string =>
  Array.from({ length: count }, (_, at) => `k${at}=${value}`).join(',');

describe('W3CTraceState', () => {
  it.each([
    ['foo=1', 'foo=1'],
    [' foo=1\t,, ,\tbar= 2 ', 'foo=1,bar= 2'],
    ['0a=1,a@b=2,a_-*/=3', '0a=1,a@b=2,a_-*/=3'],
    ['foo=1,bar=2,foo=3', 'foo=1,bar=2'],
    ['', ''],
    [' , ,', ''],
    ['foo', ''],
    ['foo=', ''],
    ['=1', ''],
    ['foo=1,Bar=2', ''],
    ['foo=1,_bar=2', ''],
    ['foo=1,bär=2', ''],
    ['foo=1,bar=ü', ''],
    ['foo=1,bar=a\tb', ''],
    ['foo=1,bar=a\r\nx: y', ''],
    [`foo=${'v'.repeat(256)}`, `foo=${'v'.repeat(256)}`],
    [`foo=${'v'.repeat(257)}`, ''],
    [`${'k'.repeat(256)}=${'v'.repeat(256)}`, `${'k'.repeat(256)}=${'v'.repeat(256)}`],
    [`${'k'.repeat(257)}=v`, ''],
    [list(32), list(32)],
    [list(33), ''],
    [`${','.repeat(20_000)}foo=1`, ''],
  ])('reads %j', (text, expected) => {
    expect(sent(text)).toBe(expected);
  });

  it('removes whole members from a list of more than 4,096 characters, first long ones, then the last ones', () => {
    const long = `long=${'v'.repeat(256)}`;
    const others = Array.from({ length: 31 }, (_, at) => `k${at}=${'v'.repeat(120)}`);
    expect(sent([long, ...others].join(','))).toBe(others.join(','));
    const many = Array.from({ length: 32 }, (_, at) => `k${at}=${'v'.repeat(200)}`);
    const left = sent(many.join(',')).split(',');
    expect(left).toEqual(many.slice(0, left.length));
    expect(left.join(',').length).toBeLessThanOrEqual(4096);
    expect(left.join(',').length + many[0]!.length + 1).toBeGreaterThan(4096);
  });

  it('changes as the specification says', () => {
    const state = new W3CTraceState('a=1,b=2');
    expect(state.set('b', '3').serialize()).toBe('b=3,a=1');
    expect(state.set('c', '3').serialize()).toBe('c=3,a=1,b=2');
    expect(state.set('C', '3').serialize()).toBe('a=1,b=2');
    expect(state.set('c', 'x,y').serialize()).toBe('a=1,b=2');
    expect(state.unset('a').serialize()).toBe('b=2');
    expect([state.get('a'), state.get('z')]).toEqual(['1', undefined]);
    expect(new W3CTraceState(list(32)).set('new', '1').serialize()).toBe(`new=1,${list(31)}`);
    expect(state.serialize()).toBe('a=1,b=2');
  });

  it('serializes other trace states safely', () => {
    expect(serializeTraceState(createTraceState('a=1,b=2'))).toBe('a=1,b=2');
    const hostile = { ...createTraceState(), serialize: () => 'a=1\r\nhost: evil' };
    expect(serializeTraceState(hostile as never)).toBe('');
  });
});
