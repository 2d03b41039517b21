import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { HEALTH_PROTO } from './fixtures/shop.js';
import {
  NOT_SERVING,
  readRequest,
  SERVING,
  writeStatus,
  writeStatuses,
} from './health-messages.js';

const official = loadSync(HEALTH_PROTO)['grpc.health.v1.Health'] as unknown as ServiceDefinition;

describe('the messages of grpc.health.v1', () => {
  it.each(['', 'readiness', 'shop.v1.Orders', 'ö'.repeat(300)])(
    'reads the request for "%.20s" as protobuf writes it',
    (service) => {
      expect(readRequest(official['Check']!.requestSerialize({ service }))).toEqual({ service });
    },
  );

  it('skips fields of every type that a later version may add, and takes the last name', () => {
    const fields = [
      [0x10, 0xff, 0x01], // a number
      [0x19, 1, 2, 3, 4, 5, 6, 7, 8], // eight bytes
      [0x0a, 1, 0x61],
      [0x25, 1, 2, 3, 4], // four bytes
      [0x92, 0x01, 2, 9, 9], // bytes of field 18
      [0x0a, 1, 0x62],
    ];
    const later = Buffer.from(fields.flat());
    expect(readRequest(later)).toEqual({ service: 'b' });
  });

  it.each([
    ['a name longer than the message', [0x0a, 5, 0x61]],
    ['a length without its end', [0x0a, 0xff]],
    ['a number that never ends', [0x08, ...Array<number>(12).fill(0xff)]],
    ['a huge length', [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]],
    ['a group', [0x0b]],
    ['four bytes of which one is there', [0x0d, 1]],
  ])('throws for %s', (_, bytes) => {
    expect(() => readRequest(Buffer.from(bytes))).toThrow(
      expect.objectContaining({ name: 'RangeError' }),
    );
  });

  it('writes a status as protobuf reads it', () => {
    expect(official['Check']!.responseDeserialize(writeStatus(NOT_SERVING))).toEqual({
      status: NOT_SERVING,
    });
  });

  it('writes a list as protobuf reads it, with names of any length', () => {
    const long = 'x'.repeat(20_000);
    const list = writeStatuses(
      new Map([
        ['', SERVING],
        ['shop.v1.Örders', NOT_SERVING],
        [long, SERVING],
      ]),
    );
    expect(official['List']!.responseDeserialize(list)).toEqual({
      statuses: {
        '': { status: SERVING },
        'shop.v1.Örders': { status: NOT_SERVING },
        [long]: { status: SERVING },
      },
    });
    expect(official['List']!.responseDeserialize(writeStatuses(new Map()))).toEqual({});
  });
});
