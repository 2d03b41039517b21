import { createServer, connect } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { Pool } from 'pg';
import { useLeakCheck } from '@nestlens/testing';
import type { OwnPostgres } from '../../tools/postgres.js';
import { startPostgres } from '../../tools/postgres.js';
import { PLATFORMS, ask, createApp, portOf } from './health-app.js';

const DATABASE = 'health';
/** A secret that no answer may show. */
const PASSWORD = 'hunter2';
/** This is enough for a connection with a login on a busy machine. */
const ANSWER_MS = 2000;

/**
 * A proxy in front of a database. It passes bytes on, refuses connections, or falls silent like a broken
 * network.
 */
class Gate {
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #silent = false;
  /** Port of the database. */
  target = 0;
  port = 0;

  async open(): Promise<void> {
    this.#server = createServer((inside) => {
      const outside = connect(this.target, '127.0.0.1');
      for (const [from, to] of [
        [inside, outside],
        [outside, inside],
      ] as const) {
        this.#sockets.add(from);
        from.on('error', () => to.destroy());
        from.once('close', () => {
          this.#sockets.delete(from);
          to.destroy();
        });
        from.on('data', (bytes: Buffer) => to.write(bytes));
        if (this.#silent) from.pause();
      }
    });
    const server = this.#server;
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
  }

  silence(silent: boolean): void {
    this.#silent = silent;
    for (const socket of this.#sockets) {
      if (silent) socket.pause();
      else socket.resume();
    }
  }

  /** The connections of now fall silent for ever; later ones work. */
  freeze(): void {
    for (const socket of this.#sockets) {
      socket.pause();
      socket.removeAllListeners('data');
    }
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server?.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

useLeakCheck();

describe.each(PLATFORMS)('readiness of an app on %s and a real PostgreSQL', (platform) => {
  const gate = new Gate();
  let database: OwnPostgres;
  let pool: Pool;
  let app: INestApplication;

  beforeAll(async () => {
    database = await startPostgres({ databases: [DATABASE] });
    gate.target = database.port;
    await gate.open();
    const url = new URL(database.url(DATABASE));
    url.port = String(gate.port);
    url.password = PASSWORD;
    pool = new Pool({ connectionString: url.href, max: 4 });
    // Connections that die while idle are reported here. Without a listener they would end the process.
    pool.on('error', () => {});
    app = await createApp(
      platform,
      {
        health: {
          databases: { postgres: 'POOL' },
          answerMs: ANSWER_MS,
          timeoutMs: 2 * ANSWER_MS,
          cacheMs: 0,
          details: 'always',
        },
      },
      { providers: [{ provide: 'POOL', useValue: pool }] },
    );
    await app.listen(0, '127.0.0.1');
  });

  afterAll(async () => {
    await app.close();
    await pool.end();
    await gate.close();
    await database.close();
  });

  /** The state of readiness. Liveness is always 200. */
  async function state(): Promise<{ status: number; postgres: Record<string, unknown> }> {
    expect((await ask(portOf(app), '/livez')).status).toBe(200);
    const { status, body } = await ask(portOf(app), '/readyz');
    expect(body).not.toContain(PASSWORD);
    const { indicators } = JSON.parse(body) as { indicators: Record<string, object> };
    return { status, postgres: { ...indicators['postgres'] } };
  }

  const UP = { status: 200, postgres: { status: 'up' } };
  const DOWN = { status: 503, postgres: { status: 'down' } };

  it('is up while the database answers', async () => {
    expect(await state()).toMatchObject(UP);
  });

  it('is down while connections are refused, and up again afterwards', async () => {
    await gate.close();
    expect(await state()).toMatchObject(DOWN);
    expect(await state()).toMatchObject({
      ...DOWN,
      postgres: { message: expect.stringContaining('ECONNREFUSED') },
    });
    await gate.open();
    expect(await state()).toMatchObject(UP);
  });

  async function untilUp(): Promise<void> {
    while ((await state()).status !== 200) await new Promise(setImmediate);
  }

  it('is down while the database is silent, with one query at a time, and up again afterwards', async () => {
    gate.silence(true);
    await Promise.all(Array.from({ length: 50 }, state));
    expect(await state()).toMatchObject({
      ...DOWN,
      postgres: { message: expect.stringMatching(/^no answer for \d+ ms$/) },
    });
    expect(pool.totalCount - pool.idleCount + pool.waitingCount).toBeLessThanOrEqual(1);
    gate.silence(false);
    await untilUp();
  });

  it('serves on while the connections of the pool are dead, and is up once they have left it', async () => {
    const clients = await Promise.all(Array.from({ length: 4 }, () => pool.connect()));
    for (const client of clients) client.release();
    gate.freeze();
    expect(await state()).toMatchObject({ status: 200 });
    while ((await state()).postgres['status'] !== 'up') await new Promise(setImmediate);
    expect(pool.totalCount).toBe(1);
  });

  it('is degraded and serves on while all connections of the pool are in use', async () => {
    const clients = await Promise.all(Array.from({ length: 4 }, () => pool.connect()));
    expect(await state()).toMatchObject({
      status: 200,
      postgres: {
        status: 'degraded',
        message: 'all connections of the pool are in use',
        waiting: 0,
        connections: 4,
      },
    });
    for (const client of clients) client.release();
    expect(await state()).toMatchObject(UP);
  });

  it('is down while the database is stopped, and up again afterwards', async () => {
    await database.stop();
    expect(await state()).toMatchObject(DOWN);
    await database.start();
    expect(await state()).toMatchObject(UP);
  });
});
