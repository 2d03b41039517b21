import { SIGNALS, sendEmptyExports } from '@nestlens/otlp';
import type { EmptyExport, Signal } from '@nestlens/otlp';
import { destinationsOf, shownDestinations } from '../engine/destinations.js';
import type { Destination } from '../engine/engine.js';
import type { OtelConfig } from '../options/otel.config.js';
import { fault, notChecked, ok, warning } from './check.js';
import type { Check, Finding } from './check.js';

const CLOCK = 'clock';

/**
 * Smaller differences, in ms, are not reported: a `Date` header has whole seconds, and synchronised clocks differ by
 * less.
 */
const SKEW_MS = 5000;

const ENDPOINT = 'otlp.endpoint or OTEL_EXPORTER_OTLP_ENDPOINT';
const UNREACHED: Readonly<Record<string, string>> = {
  ECONNREFUSED: `nothing listens there: start the collector, or correct ${ENDPOINT}`,
  ENOTFOUND: `its name is not known here: correct ${ENDPOINT}`,
  EAI_AGAIN: `no name server answers: correct the network, or ${ENDPOINT}`,
  headers: 'the function for headers or the token failed: call it by itself and read its error',
  aborted:
    'it takes the connection and does not answer: look at its log, and at proxies on the way',
};

type Send = (signal: AbortSignal) => Promise<readonly EmptyExport[]>;

/** One line for each signal, and one for the clock. All of them wait for the same requests, which are sent once. */
export const collectorChecks = (config: OtelConfig): readonly Check[] => {
  let sent: ReturnType<Send> | undefined;
  const send: Send = (signal) => (sent ??= sendEmptyExports(destinations(config), signal));
  const signals = SIGNALS.map((signal) => ({
    name: signal,
    run: (stop: AbortSignal) => signalFinding(config, signal, () => send(stop)),
  }));
  return [...signals, { name: CLOCK, run: async (stop) => clockFinding(await send(stop)) }];
};

/** The answer if the options are unknown: there is no collector to ask. */
export const collectorNotChecked = (why: string): readonly Check[] =>
  [...SIGNALS, CLOCK].map((name) => ({ name, run: () => notChecked(why) }));

const destinations = (config: OtelConfig): Parameters<typeof sendEmptyExports>[0] => {
  const { pool } = config.otlp.pipeline;
  return { ...destinationsOf(config), ...(pool && { pool }) };
};

const signalFinding = async (
  config: OtelConfig,
  signal: Signal,
  send: () => Promise<readonly EmptyExport[]>,
): Promise<Finding> => {
  if (config.disabled) return notChecked('OTEL_SDK_DISABLED is true: nothing is exported');
  const to = shownDestinations(config).find((one) => one.signal === signal);
  if (to === undefined) {
    const exporters = config[signal].exporters.join(', ') || 'none';
    return notChecked(`not exported by OTLP; exporters: ${exporters}`);
  }
  const place = where(to, config.otlp[signal].proxy);
  let sent: EmptyExport | undefined;
  try {
    sent = (await send()).find((one) => one.signal === signal);
  } catch (error) {
    return fault(`${place}: ${(error as Error).message}`, 'correct that option or variable');
  }
  return sent === undefined ? notChecked('nothing was sent') : exportFinding(place, sent);
};

/** With each engine the request goes through the pipeline, and so through a proxy if one is set. */
const where = ({ protocol, url }: Destination, proxy: string | undefined): string =>
  `${protocol} ${url}${proxy === undefined ? '' : ` by way of the proxy ${proxy}`}`;

const exportFinding = (to: string, { outcome, replies, warnings, hint }: EmptyExport): Finding => {
  const said = warnings.map(({ text }) =>
    text.replace(/; (trying again|what it refuses is lost)$/, ''),
  );
  const words = said.length === 0 ? '' : `; ${said.join('; ')}`;
  if (outcome.kind === 'accepted' || outcome.kind === 'partial') {
    const isOther = warnings.some(({ code }) => code === 'unreadable_response');
    if (!isOther) return ok(`${to} took an empty request${words}`);
    return fault(
      `${to} answers, but not as OTLP does`,
      `correct the host, port or path of ${ENDPOINT}`,
    );
  }
  const { kind, reason } = outcome;
  const remedy = hint || (UNREACHED[reason] ?? `correct ${ENDPOINT}, or what stands between`);
  if (kind === 'refused') return fault(`${to} refuses it: ${reason}${words}`, remedy);
  if (replies.length > 0) {
    return warning(
      `${to} answers, and takes nothing now: ${reason}${words}`,
      hint || 'look at its log',
    );
  }
  const why = reason === 'aborted' ? 'no answer in time' : reason;
  return fault(`${to} cannot be reached: ${why}${words}`, remedy);
};

const clockFinding = (sent: readonly EmptyExport[]): Finding => {
  const skews = sent
    .flatMap(({ replies }) => replies)
    .flatMap(({ date, sentAt, receivedAt }) => {
      if (date === undefined) return [];
      // The answer was made between the two, and its header has no parts of a second.
      return [date > receivedAt ? date - receivedAt : Math.min(0, date + 1000 - sentAt)];
    });
  if (skews.length === 0) {
    return notChecked('no answer had a Date header');
  }
  const skew = skews.reduce((most, one) => (Math.abs(one) > Math.abs(most) ? one : most), 0);
  if (Math.abs(skew) <= SKEW_MS) {
    return ok(`the Date headers of the answers are within ${SKEW_MS / 1000} s of this clock`);
  }
  const seconds = Math.round(Math.abs(skew) / 1000);
  return warning(
    `the Date header of the answer is ${seconds} s ${skew > 0 ? 'ahead of' : 'behind'} this clock`,
    'keep both clocks in time (NTP): backends refuse what is too old or in the future, and spans of two services do not fit',
  );
};
