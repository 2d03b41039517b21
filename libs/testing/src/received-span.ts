import type { Attributes } from '@nestlens/otlp/wire';
import type { ReceivedSpan } from './span-view.js';

/** The parts of a span that `receivedSpan` takes. It makes up the rest. */
export interface ReceivedSpanParts extends Partial<Omit<ReceivedSpan, 'resource' | 'scope'>> {
  readonly service?: string;
  readonly scopeName?: string;
  readonly attributes?: Attributes;
}

/** Makes a received span with the given parts. Other parts are empty, or 1 for ids. */
export const receivedSpan = ({
  service,
  scopeName = 'test',
  ...parts
}: ReceivedSpanParts): ReceivedSpan => ({
  traceId: '00000000000000000000000000000001',
  spanId: '0000000000000001',
  parentSpanId: '',
  traceState: '',
  flags: 1,
  name: 'span',
  kind: 1,
  startTime: 0n,
  endTime: 1_000_000n,
  attributes: {},
  droppedAttributesCount: 0,
  events: [],
  droppedEventsCount: 0,
  links: [],
  droppedLinksCount: 0,
  status: { code: 0, message: '' },
  resource: {
    attributes: service === undefined ? {} : { 'service.name': service },
    droppedAttributesCount: 0,
  },
  scope: { name: scopeName, version: '', attributes: {}, droppedAttributesCount: 0 },
  ...parts,
});
