import type { ResourceGroup } from '@nestlens/otlp/wire';
import type { Admission } from '../admission/admission.js';
import type { Refusal } from '../admission/refusal.js';
import { fingerprint } from './fingerprint.js';
import type { Run, Service, ServiceTable } from './service.js';
import type { ShelfItem } from './shelf.js';
import type { Source, SourceTable } from './source.js';

/** The source of a group's items, or the reason why none of them is admitted. */
export type ItemSource<I> = { readonly service: Service; readonly run: Run } & (
  | { readonly source: Source<I>; readonly refusal?: undefined }
  | { readonly source?: undefined; readonly refusal: Refusal }
);

const UNKNOWN_SERVICE = 'unknown_service';

/** Finds or makes the source of each scope group of a request. */
export class SourceFinder {
  readonly #admission: Admission;
  readonly #services: ServiceTable;

  constructor(admission: Admission, services: ServiceTable) {
    this.#admission = admission;
    this.#services = services;
  }

  *sources<I extends ShelfItem<I>, T>(
    { resource, scopes }: ResourceGroup<T>,
    table: SourceTable<I>,
    nowMs: number,
  ): IterableIterator<{ source: ItemSource<I>; items: readonly T[] }> {
    let resourcePrint: string | undefined;
    for (const { scope, items } of scopes) {
      const bytes = this.#admission.source(resource, scope);
      if (typeof bytes !== 'number') {
        const service = this.#services.of(UNKNOWN_SERVICE);
        yield { source: { service, run: service.run('', nowMs), refusal: bytes }, items };
        continue;
      }
      const serviceName = text(resource.attributes['service.name']) || UNKNOWN_SERVICE;
      const instanceId = text(resource.attributes['service.instance.id']);
      const service = this.#services.of(serviceName);
      const run = service.run(instanceId, nowMs);
      resourcePrint ??= fingerprint(resource.attributes);
      const key = `${resourcePrint}|${scope.name.length}:${scope.name}${scope.version.length}:${scope.version}${fingerprint(scope.attributes)}`;
      const source =
        table.get(key) ??
        table.add({
          key,
          resource,
          scope,
          serviceName,
          instanceId,
          service,
          bytes: bytes + key.length,
        });
      yield { source: { service, run, source }, items };
    }
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
