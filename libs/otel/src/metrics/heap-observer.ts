import { getHeapSpaceStatistics } from 'node:v8';
import type { BatchObservableCallback, Meter, Observable } from '@opentelemetry/api';
import {
  ATTR_V8JS_HEAP_SPACE_NAME,
  ATTR_V8JS_RESOURCE_TYPE,
  METRIC_V8JS_MEMORY_HEAP_SPACE_AVAILABLE_SIZE,
  METRIC_V8JS_MEMORY_HEAP_SPACE_PHYSICAL_SIZE,
  METRIC_V8JS_MEMORY_HEAP_SPACE_SIZE,
  METRIC_V8JS_MEMORY_HEAP_USED,
  METRIC_V8JS_RESOURCE_ACTIVE,
} from './semconv.js';

/** The heap by space, and what keeps the event loop alive by type. */
export const observeHeap = (meter: Meter): (() => void) => {
  const bytes = (name: string, description: string): Observable =>
    meter.createObservableUpDownCounter(name, { description, unit: 'By' });
  const used = bytes(METRIC_V8JS_MEMORY_HEAP_USED, 'Heap memory size allocated.');
  const size = bytes(METRIC_V8JS_MEMORY_HEAP_SPACE_SIZE, 'Heap memory size pre-allocated.');
  const available = bytes(
    METRIC_V8JS_MEMORY_HEAP_SPACE_AVAILABLE_SIZE,
    'Heap space available size.',
  );
  const physical = bytes(
    METRIC_V8JS_MEMORY_HEAP_SPACE_PHYSICAL_SIZE,
    'Committed size of a heap space.',
  );
  const resources = meter.createObservableGauge(METRIC_V8JS_RESOURCE_ACTIVE, {
    description: 'Resources that keep the event loop alive.',
    unit: '{resource}',
  });

  /** Spaces that something has been in. V8 has more, most of which stay empty; one is read-only and never changes. */
  const spaces = new Set<string>();
  // A type that is gone is reported as 0 from then on, or its last value would stand.
  const types = new Set<string>();
  const observe: BatchObservableCallback = (result) => {
    for (const space of getHeapSpaceStatistics()) {
      const isUsed = space.space_used_size > 0 && space.space_name !== 'read_only_space';
      if (isUsed) spaces.add(space.space_name);
      if (!spaces.has(space.space_name)) continue;
      const attributes = { [ATTR_V8JS_HEAP_SPACE_NAME]: space.space_name };
      result.observe(used, space.space_used_size, attributes);
      result.observe(size, space.space_size, attributes);
      result.observe(available, space.space_available_size, attributes);
      result.observe(physical, space.physical_space_size, attributes);
    }
    const active = new Map<string, number>();
    for (const type of process.getActiveResourcesInfo()) {
      types.add(type);
      active.set(type, (active.get(type) ?? 0) + 1);
    }
    for (const type of types) {
      result.observe(resources, active.get(type) ?? 0, { [ATTR_V8JS_RESOURCE_TYPE]: type });
    }
  };
  const observed = [used, size, available, physical, resources];
  meter.addBatchObservableCallback(observe, observed);
  return () => meter.removeBatchObservableCallback(observe, observed);
};
