import { connect } from 'node:net';
import { Controller, Get } from '@nestjs/common';
import { platforms, startHttpApp } from './fixtures/http-app.js';
import type { HttpApp } from './fixtures/http-app.js';

@Controller('cats')
class CatsController {
  @Get(':id')
  one(): string {
    return 'cat';
  }
}

describe.each(platforms)('the span of a request line, on %s', (_name, makeAdapter) => {
  let http: HttpApp;

  beforeAll(async () => {
    http = await startHttpApp(makeAdapter, { controllers: [CatsController] });
  });

  afterAll(() => http.close());

  /** Sends bytes unchanged. Resolves with the status line, or with an empty text if no answer comes. */
  const raw = (head: string): Promise<string> => {
    const { promise, resolve } = Promise.withResolvers<string>();
    let text = '';
    const socket = connect(http.port, '127.0.0.1', () =>
      socket.write(`${head}\r\nHost: shop.example\r\nConnection: close\r\n\r\n`),
    );
    socket.on('data', (chunk) => (text += String(chunk)));
    socket.on('error', () => {});
    socket.on('close', () => resolve(text.split('\r\n')[0]!));
    return promise;
  };

  const spansOf = async (head: string) => {
    await http.telemetry.reset();
    const status = await raw(head);
    // This request comes after the first one, so the span of the first one would end before.
    await (await fetch(`${http.url}/cats/last`)).text();
    const spans = await http.telemetry.waitForSpans(1);
    const others = spans.filter(({ attributes }) => attributes['url.path'] !== '/cats/last');
    return { status, span: others[0], count: others.length };
  };

  it('has the path * and no route for an asterisk', async () => {
    const { span, status } = await spansOf('OPTIONS * HTTP/1.1');
    expect(status).toMatch(/^HTTP\/1\.1 \d{3} /);
    expect(span!.name).toBe('OPTIONS');
    expect(span!.attributes['url.path']).toBe('*');
    expect(span!.attributes).not.toHaveProperty('http.route');
  });

  it('has the path of a whole URL, without its credentials', async () => {
    const { span } = await spansOf('GET http://user:pw@shop.example/cats/7?a=1 HTTP/1.1');
    expect(span!.attributes).toMatchObject({ 'url.path': '/cats/7', 'url.query': 'a=1' });
    expect(JSON.stringify(span!.attributes)).not.toContain('pw@');
  });

  it('is not made for CONNECT and for a malformed line, which Node answers itself', async () => {
    expect(await spansOf('CONNECT shop.example:443 HTTP/1.1')).toMatchObject({ count: 0 });
    const { status, count } = await spansOf('GET / HTTP/1.1 nonsense');
    expect(status).toMatch(/^HTTP\/1\.1 400 /);
    expect(count).toBe(0);
  });
});
