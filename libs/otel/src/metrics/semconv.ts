// Incubating names of OpenTelemetry's semantic conventions 1.45 (runtime/nodejs-metrics, runtime/v8js-metrics).

export const METRIC_NODEJS_EVENTLOOP_DELAY = 'nodejs.eventloop.delay';
export const METRIC_NODEJS_EVENTLOOP_UTILIZATION = 'nodejs.eventloop.utilization';
export const METRIC_NODEJS_EVENTLOOP_TIME = 'nodejs.eventloop.time';
export const METRIC_V8JS_GC_DURATION = 'v8js.gc.duration';
export const METRIC_V8JS_MEMORY_HEAP_USED = 'v8js.memory.heap.used';
export const METRIC_V8JS_MEMORY_HEAP_SPACE_SIZE = 'v8js.memory.heap.space.size';
export const METRIC_V8JS_MEMORY_HEAP_SPACE_AVAILABLE_SIZE = 'v8js.memory.heap.space.available_size';
export const METRIC_V8JS_MEMORY_HEAP_SPACE_PHYSICAL_SIZE = 'v8js.memory.heap.space.physical_size';
export const METRIC_V8JS_RESOURCE_ACTIVE = 'v8js.resource.active';

export const ATTR_NODEJS_EVENTLOOP_STATE = 'nodejs.eventloop.state';
export const ATTR_V8JS_GC_TYPE = 'v8js.gc.type';
export const ATTR_V8JS_HEAP_SPACE_NAME = 'v8js.heap.space.name';
export const ATTR_V8JS_RESOURCE_TYPE = 'v8js.resource.type';
