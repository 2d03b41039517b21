import { connect, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { readEndpoint } from '@nestlens/otlp';
import { errorText } from '../secrets/masked-text.js';

/** Why nothing can be reached. */
export interface Unreachable {
  /**
   * The reason in the form of a failed export, such as `ECONNREFUSED` or `connect_timeout`. It is empty if there is
   * none.
   */
  readonly code: string;
  /** Masked. */
  readonly text: string;
}

/** Checks whether `url` can be reached now, by a connection that sends nothing. Resolves to the reason if it cannot. */
export const unreachable = (url: string, timeoutMs: number): Promise<Unreachable | undefined> =>
  new Promise((resolve) => {
    let socket: Socket | undefined;
    const settle = (why: Unreachable | undefined): void => {
      clearTimeout(timer);
      socket?.destroy();
      resolve(why);
    };
    const timer = setTimeout(
      () => settle({ code: 'connect_timeout', text: `no connection within ${timeoutMs} ms` }),
      timeoutMs,
    );
    timer.unref();
    try {
      socket = open(url, () => settle(undefined));
      socket.on('error', (error) => settle(whyOf(error)));
    } catch (error) {
      settle(whyOf(error));
    }
  });

const whyOf = (error: unknown): Unreachable => {
  const code = (error as { readonly code?: unknown }).code;
  return { code: typeof code === 'string' ? code : '', text: errorText(error) };
};

const open = (url: string, connected: () => void): Socket => {
  const reading = readEndpoint(url);
  if (reading.kind === 'fault') throw new TypeError('Invalid URL');
  const { host, port, tls: isTls, socketPath } = reading.endpoint;
  if (socketPath !== undefined) return connect(socketPath, connected);
  const target = { host, port };
  if (!isTls) return connect(target, connected);
  // This connection accepts any certificate. Only the exporter knows the CA to trust, and it does check the
  // certificate.
  const tls = { ...target, rejectUnauthorized: false, ...(isIP(host) ? {} : { servername: host }) };
  return connectTls(tls, connected);
};
