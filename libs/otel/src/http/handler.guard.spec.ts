import type { ExecutionContext } from '@nestjs/common';
import { of } from 'rxjs';
import { HandlerGuard } from './handler.guard.js';
import { HttpInterceptor } from './http.interceptor.js';

const foreign = (type: string): ExecutionContext => {
  const untouchable = (): never => {
    throw new Error(`${type} is none of our business`);
  };
  return {
    getType: () => type,
    getClass: untouchable,
    getHandler: untouchable,
    getArgByIndex: untouchable,
  } as unknown as ExecutionContext;
};

describe.each(['rpc', 'ws', 'graphql'])('in a context of type %s', (type) => {
  it('the guard lets the call pass and reads nothing', () => {
    expect(new HandlerGuard().canActivate(foreign(type))).toBe(true);
  });

  it('the interceptor returns the stream unchanged', () => {
    const stream = of(1);
    expect(new HttpInterceptor().intercept(foreign(type), { handle: () => stream })).toBe(stream);
  });
});

it('the guard lets the call pass if it fails itself', () => {
  expect(new HandlerGuard().canActivate(foreign('http'))).toBe(true);
});
