import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { span, spans } from '../fixtures/samples.js';
import { createLens, type Lens, type LensAddress } from '../lens/lens.js';

let lens: Lens;
let address: LensAddress;

beforeEach(async () => {
  lens = createLens({ grpcPort: 0, httpPort: 0, apiPort: 0 });
  address = await lens.start();
});
afterEach(() => lens.close());

interface Got {
  readonly status: number;
  readonly headers: Headers;
  readonly body: any;
}

async function get(path: string, init: RequestInit = {}): Promise<Got> {
  const response = await fetch(address.apiUrl + path, init);
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? undefined : JSON.parse(text),
  };
}

/** fetch sets Host and Origin itself. node:http sends the given headers. */
function ask(
  headers: IncomingHttpHeaders,
  { path = '/api/stats', method = 'GET', body = '' } = {},
): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest(
      { host: '127.0.0.1', port: address.apiPort, path, method, headers, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString() }),
        );
      },
    );
    asked.on('error', reject);
    asked.end(body);
  });
}

describe('the API', () => {
  it('sends security headers and no CORS header', async () => {
    const { headers } = await get('/api/stats');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect([...headers.keys()].filter((key) => key.startsWith('access-control'))).toEqual([]);
  });

  it('answers HEAD, 404 and 405', async () => {
    expect(await get('/api/traces', { method: 'HEAD' })).toMatchObject({
      status: 200,
      body: undefined,
    });
    expect((await get('/api/live', { method: 'HEAD' })).status).toBe(200);
    const missing = ['/', '/api', '/api/', '/api/nothing', '/api/traces/', '/api/traces/a/b'];
    for (const path of missing) expect((await get(path)).status).toBe(404);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const { status, headers, body } = await get('/api/traces', { method });
      expect([status, headers.get('allow'), body.error.code]).toEqual([
        405,
        'GET, HEAD',
        'method_not_allowed',
      ]);
    }
    expect((await get('/api/clear')).status).toBe(405);
  });

  it('answers 413 to a body without waiting for it', async () => {
    const path = '/api/clear';
    expect(await ask({}, { path, method: 'POST', body: 'x' })).toMatchObject({ status: 413 });
    const headers = { 'content-length': '9999999999' };
    expect(await ask(headers, { path, method: 'POST' })).toMatchObject({ status: 413 });
  });

  it.each<[number, IncomingHttpHeaders]>([
    [200, { host: 'localhost' }],
    [200, { host: 'LOCALHOST:1234' }],
    [200, { host: '127.0.0.1:80' }],
    [200, { host: '127.0.0.2' }],
    [403, { host: '127.evil.com' }],
    [403, { host: '::1' }],
    [200, { host: '[::1]:4319' }],
    [403, { host: 'evil.com' }],
    [403, { host: 'localhost.evil.com' }],
    [403, { host: '127.0.0.1.evil.com:4319' }],
    [403, { host: 'evil.com@localhost' }],
    [403, { host: ':4319' }],
    [200, { host: 'localhost:4319', origin: 'http://localhost:4319' }],
    [403, { host: 'localhost:4319', origin: 'http://localhost:3000' }],
    [403, { host: 'localhost:4319', origin: 'https://evil.com' }],
    [403, { host: 'localhost:4319', origin: 'null' }],
    [200, { host: 'localhost', 'sec-fetch-site': 'same-origin' }],
    [403, { host: 'localhost', 'sec-fetch-site': 'cross-site' }],
    [403, { host: 'localhost', 'sec-fetch-site': 'same-site' }],
  ])('answers %i to %o', async (status, headers) => {
    const { status: got, text } = await ask(headers);
    expect(got).toBe(status);
    expect(JSON.parse(text)).toHaveProperty(status === 200 ? 'counts' : 'error');
  });

  it('checks Origin on the live feed and before clearing', async () => {
    lens.store.ingest(spans([span()]));
    const headers = { host: 'localhost:1', origin: 'https://evil.com' };
    expect((await ask(headers, { path: '/api/live' })).status).toBe(403);
    expect((await ask(headers, { path: '/api/clear', method: 'POST' })).status).toBe(403);
    expect(lens.store.traces.size).toBe(1);
  });
});
