import { createRequire } from 'node:module';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller, Get } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { startHttpApp } from './fixtures/http-app.js';
import type { HttpApp } from './fixtures/http-app.js';

type Handler = (req: IncomingMessage, res: ServerResponse, next: () => void) => void;
type Handled = Handler | ExpressRouter;

interface ExpressRouter {
  use(path: unknown, ...handlers: Handled[]): void;
  use(...handlers: Handled[]): void;
  get(path: unknown, handler: Handler): void;
}

/** Express comes with the platform package. It has no types here. */
const express = createRequire(import.meta.url)('express') as (() => ExpressRouter & Handler) & {
  Router(options?: object): ExpressRouter;
};

const answer: Handler = (_req, res) => void res.end('ok');
const pass: Handler = (_req, _res, next) => next();

@Controller('cats')
class CatsController {
  @Get(':id')
  one(): string {
    return 'cat';
  }
}

const prepare = (app: INestApplication): void => {
  const mount = (path: unknown, handler: Handled): void => void app.use(path, handler);

  const admin = express.Router();
  admin.get('/users/:id', answer);
  admin.get('/', answer);
  admin.get('/passed', pass);
  mount('/admin', admin);

  const members = express.Router();
  members.get('/members/:member', answer);
  members.get('/broken/:member', () => {
    throw new RangeError('broken');
  });
  const tenant = express.Router();
  tenant.use('/teams/:team', members);
  mount('/tenants/:tenant', tenant);

  const plain = express.Router();
  plain.get('/plain', answer);
  const unnamed = express.Router();
  unnamed.use(plain);
  mount('/unnamed', unnamed);

  const twice = express.Router();
  twice.get('/twice', answer);
  mount('/first', twice);
  mount('/second', twice);
  mount(['/either', '/or'], twice);
  mount(/^\/v\d+/, twice);

  const inner = express();
  inner.get('/deep/:id', answer);
  const outer = express();
  outer.use('/inner/:key', inner);
  outer.get('/top', answer);
  mount('/outer', outer);

  mount('/graphql', answer);
  mount('/admin', answer);
};

describe('the route of a span behind a mount of Express', () => {
  let http: HttpApp;

  beforeAll(async () => {
    http = await startHttpApp(() => new ExpressAdapter(), {
      controllers: [CatsController],
      prepare,
    });
  });

  afterAll(() => http.close());

  const spanOf = async (path: string, init: RequestInit = {}): Promise<ReadableSpan> => {
    await http.telemetry.reset();
    await (await fetch(http.url + path, init)).text();
    const [span] = await http.telemetry.waitForSpans(1);
    return span!;
  };

  it.each([
    ['/admin/users/7', '/admin/users/:id'],
    ['/ADMIN/users/7', '/admin/users/:id'],
    ['/admin', '/admin'],
    ['/tenants/4711/teams/red/members/9?x=1', '/tenants/:tenant/teams/:team/members/:member'],
    ['/unnamed/plain', '/unnamed/plain'],
    ['/first/twice', '/first/twice'],
    ['/second/twice', '/second/twice'],
    ['/or/twice', '/or/twice'],
    ['/outer/top', '/outer/top'],
    ['/outer/inner/7/deep/8', '/outer/inner/:key/deep/:id'],
    ['/graphql', '/graphql'],
    ['/graphql/', '/graphql'],
    ['/admin/passed', '/admin/passed'],
    ['/graphql/any/7', '/graphql'],
    ['/v12/twice', undefined],
    ['/cats/7', '/cats/:id'],
  ])('is, for %s, %s', async (path, route) => {
    const span = await spanOf(path);
    expect(span.attributes['http.response.status_code']).toBe(200);
    expect(span.attributes['http.route']).toBe(route);
    expect(span.name).toBe(route === undefined ? 'GET' : `GET ${route}`);
  });

  it('is the mount of GraphQL for any method', async () => {
    const span = await spanOf('/graphql', { method: 'POST', body: '{}' });
    expect(span.name).toBe('POST /graphql');
  });

  it('has all mounts if the handler throws, although Express leaves them before it answers', async () => {
    const span = await spanOf('/tenants/4711/teams/red/broken/9?x=/tenants/1');
    expect(span.name).toBe('GET /tenants/:tenant/teams/:team/broken/:member');
    expect(span.attributes['error.type']).toBe('RangeError');
  });

  it('is missing for a path below a mount that no route takes', async () => {
    const span = await spanOf('/tenants/4711/nothing');
    expect(span.name).toBe('GET');
  });

  it('has the mount of a Nest app in another app', async () => {
    const host = express();
    host.use('/shop/:region', http.app.getHttpAdapter().getInstance() as Handler);
    const server = createServer(host as unknown as RequestListener).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    await http.telemetry.reset();
    for (const path of ['/shop/eu/cats/7', '/shop/eu/admin/users/7']) {
      await (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    }
    const spans = await http.telemetry.waitForSpans(2);
    expect(spans.map(({ name }) => name)).toEqual([
      'GET /shop/:region/cats/:id',
      'GET /shop/:region/admin/users/:id',
    ]);
    expect(spans[0]!.attributes['url.path']).toBe('/shop/eu/cats/7');
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});
