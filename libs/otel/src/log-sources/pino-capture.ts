import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { diag } from '../api/diag.js';
import { LogEmitter } from '../logging/log-emitter.js';
import { pinoEntry } from './pino-line.js';
import type { PinoMessage } from './pino-line.js';

/** pino 9.10 and later publish each line in the context of the caller, except lines that the level filters out. */
const CHANNEL = 'tracing:pino_asJson:end';

const emitter = new LogEmitter();
let users = 0;

const onLine = (message: unknown): void => {
  // An error that a subscriber throws ends the process.
  try {
    emitter.emit(pinoEntry(message as PinoMessage));
  } catch (error) {
    diag.warn('A line of pino could not be read', error);
  }
};

/** Makes a log record of each line of pino, however many apps of the process ask for it. Returns how to stop. */
export const capturePino = (): (() => void) => {
  users += 1;
  if (users === 1) subscribe(CHANNEL, onLine);
  let stopped = false;
  return () => {
    if (stopped) return;
    stopped = true;
    users -= 1;
    if (users === 0) unsubscribe(CHANNEL, onLine);
  };
};
