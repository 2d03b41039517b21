import { join } from 'node:path';
import { notChecked, ok, warning } from './check.js';
import type { Check, Finding } from './check.js';
import { entryOf } from './entry.js';
import { manifestIn } from './project.js';
import { importEvents, lineAt } from './sources.js';
import type { ImportEvent, Source } from './sources.js';

const OURS = '@nestlens/otel';

/** Packages that register tracers with the API when they are started. */
const SDK =
  /^(@opentelemetry\/(sdk-node|sdk-trace-node|auto-instrumentations-node)(\/|$)|@sentry\/(node|nestjs|profiling-node)(\/|$))/;

/** A value that is made while a file is imported: a variable of the file itself, or a static field. */
const EARLY_METER =
  /^(?:export\s+)?(?:const|let|var)\s[^\n]*\bmetrics\s*\.\s*getMeter\s*\(|^\s+(?:(?:private|public|protected|readonly)\s+)*static\s[^\n]*\bmetrics\s*\.\s*getMeter\s*\(/m;

const PRELOAD = /(?:^|\s)(?:--import|--require|-r)[\s=]+(\S+)/;

interface Sources {
  readonly project: string;
  readonly entry: string;
  readonly events: readonly ImportEvent[];
}

const found = (source: Source, pattern: RegExp): string | undefined => {
  const match = pattern.exec(source.text);
  return match === null
    ? undefined
    : `${source.path}:${lineAt(source.text, match.index + match[0].length)}`;
};

const files = ({ events }: Sources): readonly Source[] =>
  events.flatMap((event) => (event.kind === 'file' ? [event.source] : []));

const firstOf = (sources: Sources, pattern: RegExp): string | undefined => {
  for (const source of files(sources)) {
    const place = found(source, pattern);
    if (place !== undefined) return place;
  }
  return undefined;
};

const lookedAt = (sources: Sources): string => {
  const count = files(sources).length;
  return count === 1
    ? sources.entry
    : `${sources.entry} and the ${count - 1} files that it imports`;
};

const moduleFinding = (sources: Sources): Finding => {
  const place =
    firstOf(sources, /\bOtelModule\s*\.\s*forRoot(?:Async)?\s*\(/) ??
    firstOf(sources, /(?<!import\s*\{[^}]*)\bOtelModule\b(?![^{}]*\}\s*from\b)/);
  if (place !== undefined) return ok(`OtelModule is imported in ${place}`);
  return warning(
    `OtelModule was not found in ${lookedAt(sources)}`,
    'import OtelModule.forRoot() in the root module; name another entry by --entry',
  );
};

const hooksFinding = (sources: Sources): Finding => {
  const place = firstOf(sources, /\benableShutdownHooks\s*\(/);
  if (place !== undefined) return ok(`enableShutdownHooks() is called in ${place}`);
  return warning(
    `enableShutdownHooks() was not found in ${lookedAt(sources)}: a signal would end the process without a flush`,
    "call app.enableShutdownHooks(['SIGTERM', 'SIGINT']) before app.listen()",
  );
};

/** Scripts that start the app. Scripts of tests do not count: their preloads never reach the app. */
const STARTS = /^(start|dev|serve)/;

/** The file that a script loads before the app. `NODE_OPTIONS` of this shell is not the app's. */
const preloaded = (project: string): string | undefined => {
  const scripts = Object.entries(manifestIn(project).scripts ?? {});
  const preloads = scripts.flatMap(([name, text]) =>
    STARTS.test(name) ? [PRELOAD.exec(text)?.[1]] : [],
  );
  return preloads.find((file) => file !== undefined);
};

/**
 * Two things depend on the order of imports. A meter of the API that is asked for before our import stays silent, since
 * API 1.10 has no proxy for it. An SDK that starts after our import gets no tracers.
 */
const importsFinding = (sources: Sources): Finding => {
  const { events, project } = sources;
  const isSdk = (event: ImportEvent): boolean => event.kind === 'package' && SDK.test(event.name);
  const at = events.findIndex((event) => event.kind === 'package' && event.name === OURS);
  if (at === -1) return notChecked(`no import of ${OURS} was found in ${lookedAt(sources)}`);
  const before = events.slice(0, at);
  const meters = before.flatMap((event) =>
    event.kind === 'file'
      ? [found(event.source, EARLY_METER)].filter((place) => place !== undefined)
      : [],
  );
  const late = before.some(isSdk) ? undefined : events.slice(at).find(isSdk);
  const texts: string[] = [];
  const remedies: string[] = [];
  if (meters.length > 0) {
    texts.push(
      `a meter is asked for before ${OURS} is imported, and stays silent: ${meters.join(', ')}`,
    );
    remedies.push(
      `import ${OURS} first in ${sources.entry}, or inject instruments by provideCounter()`,
    );
  }
  const preload = preloaded(project);
  if (late?.kind === 'package' && preload === undefined) {
    texts.push(
      `${late.name} is imported after ${OURS} (${late.path}:${late.line}): if it is started there, it gets no tracers`,
    );
    remedies.push(`start it in a file that ${sources.entry} imports first, or by --import`);
  }
  if (texts.length > 0) return warning(texts.join('; '), remedies.join('; '));
  const preloads = preload === undefined ? '' : `; ${preload} is loaded before, and was not read`;
  return ok(
    `nothing that depends on the order is imported before ${OURS}, in ${lookedAt(sources)}${preloads}`,
  );
};

/** Checks the sources as text, from the entry file on. No code of them is run. */
export const sourceChecks = (project: string, given: string | undefined): readonly Check[] => {
  let read: Sources | undefined;
  const ask = (look: (sources: Sources) => Finding) => (): Finding => {
    const { entry, tried } = entryOf(project, given);
    if (entry === undefined) {
      return notChecked(
        `there is no ${tried.join(', ')}`,
        'name the file that starts the app by --entry',
      );
    }
    read ??= { project, entry, events: importEvents(project, join(project, entry)) };
    return look(read);
  };
  return [
    { name: 'module', run: ask(moduleFinding) },
    { name: 'shutdown hooks', run: ask(hooksFinding) },
    { name: 'import order', run: ask(importsFinding) },
  ];
};
