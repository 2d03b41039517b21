import { crc32 } from 'node:zlib';
import { writeAll, type Disk } from './disk.js';
import { type ItemCounts, noItems } from '../send/item-counts.js';

/** The position in a directory before which every record is acknowledged. */
export interface Position {
  readonly sequence: number;
  readonly offset: number;
  /** Items of that segment that are acknowledged. */
  readonly consumed: ItemCounts;
}

/*
 * Two slots of 64 B, written in turn: where one is torn, the other is whole. The higher serial is valid.
 *   0 magic "NLSC" | 4 u32 version | 8 f64 serial | 16 f64 sequence | 24 f64 offset
 *  32 u32 x 3 consumed items (traces, metrics, logs) | 44 u32 crc of bytes 0..44
 */
const SLOT_BYTES = 64;
const MAGIC = 0x43534c4e;
const VERSION = 1;
const START: Position = { sequence: 0, offset: 0, consumed: noItems() };

/** The file that remembers how far a directory of segments has been acknowledged. */
export class CursorFile {
  readonly #disk: Disk;
  readonly #file: number;
  #serial: number;
  #position: Position;

  /** Makes the file if there is none. A file that cannot be read counts as none. */
  static async open(disk: Disk, path: string): Promise<CursorFile> {
    const file = await disk.open(path, 'update');
    try {
      const bytes = Buffer.alloc(2 * SLOT_BYTES);
      const read = await disk.read(file, bytes, 0);
      // This takes its space now, so that a full disk does not hinder an acknowledgement later.
      if (read < bytes.byteLength) await writeAll(disk, file, [bytes], 0);
      const [newest] = [decode(bytes, 0), decode(bytes, SLOT_BYTES)]
        .filter((slot) => slot !== undefined)
        .toSorted((a, b) => b.serial - a.serial);
      return new CursorFile(disk, file, newest?.serial ?? 0, newest?.position ?? START);
    } catch (error) {
      await disk.close(file).catch(() => undefined);
      throw error;
    }
  }

  private constructor(disk: Disk, file: number, serial: number, position: Position) {
    this.#disk = disk;
    this.#file = file;
    this.#serial = serial;
    this.#position = position;
  }

  /** The last position that is known to be on the disk. */
  get position(): Position {
    return this.#position;
  }

  /** Resolves when the position is on the disk. */
  async move(position: Position): Promise<void> {
    const serial = this.#serial + 1;
    await writeAll(this.#disk, this.#file, [encode(serial, position)], (serial % 2) * SLOT_BYTES);
    await this.#disk.fsync(this.#file);
    this.#serial = serial;
    this.#position = position;
  }

  async close(): Promise<void> {
    await this.#disk.close(this.#file);
  }
}

function encode(serial: number, position: Position): Uint8Array {
  const slot = Buffer.alloc(SLOT_BYTES);
  slot.writeUInt32LE(MAGIC, 0);
  slot.writeUInt32LE(VERSION, 4);
  slot.writeDoubleLE(serial, 8);
  slot.writeDoubleLE(position.sequence, 16);
  slot.writeDoubleLE(position.offset, 24);
  slot.writeUInt32LE(position.consumed.traces, 32);
  slot.writeUInt32LE(position.consumed.metrics, 36);
  slot.writeUInt32LE(position.consumed.logs, 40);
  slot.writeUInt32LE(crc32(slot.subarray(0, 44)), 44);
  return slot;
}

function decode(
  bytes: Buffer,
  at: number,
): { readonly serial: number; readonly position: Position } | undefined {
  const slot = bytes.subarray(at, at + SLOT_BYTES);
  if (slot.readUInt32LE(0) !== MAGIC || slot.readUInt32LE(4) !== VERSION) return undefined;
  if (slot.readUInt32LE(44) !== crc32(slot.subarray(0, 44))) return undefined;
  const consumed = {
    traces: slot.readUInt32LE(32),
    metrics: slot.readUInt32LE(36),
    logs: slot.readUInt32LE(40),
  };
  const position = { sequence: slot.readDoubleLE(16), offset: slot.readDoubleLE(24), consumed };
  return { serial: slot.readDoubleLE(8), position };
}
