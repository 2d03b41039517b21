import { Controller, ForbiddenException, Get, Logger, Module, Param } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { GrpcStatus } from '@nestjs/microservices';
import { RpcErrorFilter } from './rpc-error.filter.js';

@Controller()
class FailingController {
  @Get('peer/:code')
  peer(@Param('code') code: string): never {
    const details = 'the words of the peer';
    throw Object.assign(new Error(`${code}: ${details}`), { code: Number(code), details });
  }

  @Get('forbidden')
  forbidden(): never {
    throw new ForbiddenException('not here');
  }

  @Get('socket')
  socket(): never {
    throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  }

  @Get('nothing')
  nothing(): never {
    // oxlint-disable-next-line no-throw-literal -- the filter must handle it
    throw undefined;
  }
}

@Module({
  controllers: [FailingController],
  providers: [{ provide: APP_FILTER, useClass: RpcErrorFilter }],
})
class FailingModule {}

describe('RpcErrorFilter', () => {
  let app: INestApplication;
  let url: string;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    app = await NestFactory.create(FailingModule, { logger: false });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });

  afterAll(async () => {
    await app.close();
  });

  async function get(path: string): Promise<{ status: number; message: string }> {
    const response = await fetch(`${url}/${path}`, { headers: { connection: 'close' } });
    const { message } = (await response.json()) as { message: string };
    return { status: response.status, message };
  }

  it.each([
    ['INVALID_ARGUMENT', 400],
    ['UNAUTHENTICATED', 401],
    ['PERMISSION_DENIED', 402],
    ['NOT_FOUND', 404],
    ['FAILED_PRECONDITION', 409],
    ['RESOURCE_EXHAUSTED', 429],
  ] as const)('answers %s of a peer with %i and its words', async (name, status) => {
    const answer = await get(`peer/${GrpcStatus[name]}`);
    expect(answer).toEqual({ status, message: 'the words of the peer' });
  });

  it.each([
    ['UNKNOWN', 500],
    ['INTERNAL', 500],
    ['UNIMPLEMENTED', 501],
    ['UNAVAILABLE', 503],
    ['DEADLINE_EXCEEDED', 504],
  ] as const)('answers %s of a peer with %i and without its words', async (name, status) => {
    const answer = await get(`peer/${GrpcStatus[name]}`);
    expect(answer).toEqual({ status, message: 'The shop cannot answer this right now' });
  });

  it('answers 500 for a code that gRPC does not have', async () => {
    expect((await get('peer/99')).status).toBe(500);
  });

  it('does not handle other exceptions, which Nest answers', async () => {
    expect(await get('forbidden')).toEqual({ status: 403, message: 'not here' });
    expect(await get('socket')).toEqual({ status: 500, message: 'Internal server error' });
    expect(await get('nothing')).toEqual({ status: 500, message: 'Internal server error' });
  });
});
