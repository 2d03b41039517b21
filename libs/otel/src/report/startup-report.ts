import { SIGNALS } from '@nestlens/otlp';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import type { OtelConfig } from '../options/otel.config.js';
import { OTEL_ENGINE } from '../engine/engine.js';
import { OTEL_CONFIG } from '../options/otel.config.js';
import type { Signal } from '@nestlens/otlp';
import type { Destination, ExportEngine } from '../engine/engine.js';
import { apiFacts, apiFindings } from './api-facts.js';
import { Inventory } from './inventory.js';
import { unseenLibraries } from './libraries.js';

const samplerText = ({ sampler }: OtelConfig['traces']): string => {
  if (sampler.kind === 'own') return 'your own sampler';
  return sampler.name.includes('ratio') ? `${sampler.name} ${sampler.ratio}` : sampler.name;
};

const destinationText = (
  signal: Signal,
  config: OtelConfig,
  destinations: readonly Destination[],
): string => {
  const to = destinations.find((destination) => destination.signal === signal);
  const otlp = to === undefined ? [] : [`${to.protocol} ${to.url}`];
  const further = config[signal].exporters.filter((name) => name !== 'otlp');
  const all = [...otlp, ...further];
  return all.length === 0 ? 'off' : all.join(', ');
};

const serviceText = ({ name, named, version }: OtelConfig['service']): string => {
  if (!named) return `${name}; name it by service.name or OTEL_SERVICE_NAME`;
  return version === undefined ? name : `${name} ${version}`;
};

type Row = readonly [name: string, text: string];

const warningsOf = ({ warnings }: OtelConfig): readonly Row[] =>
  warnings.map((warning) => ['! warning', warning]);

const block = (title: string, rows: readonly Row[]): string => {
  const width = Math.max(...rows.map(([name]) => name.length));
  return [title, ...rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`)].join('\n');
};

/** The start block. It says where telemetry goes, and which libraries are instrumented or not, and why. */
export const startupReport = (
  config: OtelConfig,
  engine: Pick<ExportEngine, 'name' | 'destinations'>,
  inventory: Inventory,
): string => {
  const context: Row = ['context', config.traces.propagators.join(', ') || 'does not travel'];
  if (config.disabled) {
    return block('Telemetry is disabled by OTEL_SDK_DISABLED', [context, ...warningsOf(config)]);
  }
  const rows: Row[] = [
    ['service', serviceText(config.service)],
    ...SIGNALS.map((signal): Row => [signal, destinationText(signal, config, engine.destinations)]),
    ['sampler', samplerText(config.traces)],
    context,
  ];
  for (const item of inventory.items()) {
    rows.push(
      item.kind === 'instrumented' ? [`+ ${item.what}`, item.detail] : [`- ${item.what}`, item.why],
    );
  }
  return block(`Telemetry is on (engine ${engine.name})`, [...rows, ...warningsOf(config)]);
};

@Injectable()
export class StartupReport implements OnApplicationBootstrap {
  readonly #config: OtelConfig;
  readonly #engine: ExportEngine;
  readonly #inventory: Inventory;
  #done = false;

  constructor(
    @Inject(OTEL_CONFIG) config: OtelConfig,
    @Inject(OTEL_ENGINE) engine: ExportEngine,
    inventory: Inventory,
  ) {
    this.#config = config;
    this.#engine = engine;
    this.#inventory = inventory;
  }

  /** This runs after every room's onModuleInit, so that all rooms have reported. */
  onApplicationBootstrap(): void {
    // The `init()` of a microservice runs this hook twice.
    if (this.#done) return;
    this.#done = true;
    for (const [what, why] of apiFindings(apiFacts())) this.#inventory.leftOut(what, why);
    const logger = new Logger('OtelModule');
    if (this.#config.diagnostics.startupReport) {
      // This runs last of all, when the app has loaded all its packages.
      for (const { what, why } of unseenLibraries()) this.#inventory.leftOut(what, why);
      logger.log(startupReport(this.#config, this.#engine, this.#inventory));
    } else {
      for (const warning of this.#config.warnings) logger.warn(warning);
    }
  }
}
