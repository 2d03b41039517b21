import type { DecodeBudget } from './decode-limits.js';
import { WireError } from './wire-error.js';

/** An object of OTLP/JSON. Only names of the schema are read from it, and Object.prototype has none of them. */
export interface JsonObject {
  readonly [key: string]: unknown;
}

const MAX_UINT64 = 0xffff_ffff_ffff_ffffn;
const MIN_INT64 = -0x8000_0000_0000_0000n;
const MAX_INT64 = 0x7fff_ffff_ffff_ffffn;
const HEX = /^(?:[0-9a-fA-F]{2})*$/;
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;
const INTEGER = /^-?\d{1,20}$/;
const NUMBER = /^-?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;

export function asObject(value: unknown): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new WireError('json_value', 'not an object', '');
  }
  return value as JsonObject;
}

/** The object in a field; undefined where it is missing or null. */
export function objectIn<T>(
  parent: JsonObject,
  key: string,
  read: (value: JsonObject) => T,
): T | undefined {
  const value = parent[key];
  if (value === undefined || value === null) return undefined;
  try {
    return read(asObject(value));
  } catch (error) {
    throw error instanceof WireError ? error.within(key) : error;
  }
}

/** Every object of the list in a field. */
export function eachIn(parent: JsonObject, key: string, read: (value: JsonObject) => void): void {
  const list = listIn(parent, key);
  for (let index = 0; index < list.length; index++) {
    try {
      read(asObject(list[index]));
    } catch (error) {
      throw error instanceof WireError ? error.within(`${key}[${index}]`) : error;
    }
  }
}

/** The message in a field; undefined where it is missing or null. */
export function messageIn<T>(
  parent: JsonObject,
  key: string,
  read: (value: JsonObject, budget: DecodeBudget) => T,
  budget: DecodeBudget,
): T | undefined {
  return objectIn(parent, key, (value) => read(value, budget));
}

/** The messages of the list in a field, each counted as a record. */
export function messagesIn<T>(
  parent: JsonObject,
  key: string,
  read: (value: JsonObject, budget: DecodeBudget) => T,
  budget: DecodeBudget,
): T[] {
  const result: T[] = [];
  eachIn(parent, key, (value) => {
    budget.record();
    result.push(read(value, budget));
  });
  return result;
}

function listIn(parent: JsonObject, key: string): readonly unknown[] {
  const value = parent[key];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new WireError('json_value', 'not an array', key);
  return value as readonly unknown[];
}

export function stringIn(parent: JsonObject, key: string): string {
  const value = parent[key];
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw new WireError('json_value', 'not a string', key);
  return value;
}

export function boolIn(parent: JsonObject, key: string): boolean {
  const value = parent[key];
  if (value === undefined || value === null) return false;
  if (typeof value !== 'boolean') throw new WireError('json_value', 'not a boolean', key);
  return value;
}

/** Trace and span ids: hex in any case, as in OTLP, instead of the base64 of plain protobuf JSON. */
export function hexIn(parent: JsonObject, key: string): string {
  const value = stringIn(parent, key);
  if (!HEX.test(value)) throw new WireError('json_value', 'not hex', key);
  return value.toLowerCase();
}

/** Standard or URL-safe base64, padded or not. */
export function base64(value: unknown, key: string): Uint8Array {
  if (typeof value !== 'string' || !BASE64.test(value)) {
    throw new WireError('json_value', 'not base64', key);
  }
  return Uint8Array.from(Buffer.from(value, 'base64'));
}

/** Enums are integers. Their names are not valid in OTLP. */
export function int32In(parent: JsonObject, key: string): number {
  return integerIn(parent, key, -0x8000_0000, 0x7fff_ffff);
}

export function uint32In(parent: JsonObject, key: string): number {
  return integerIn(parent, key, 0, 0xffff_ffff);
}

function integerIn(parent: JsonObject, key: string, min: number, max: number): number {
  const value = parent[key];
  if (value === undefined || value === null) return 0;
  const number = typeof value === 'string' && INTEGER.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < min || number > max) {
    throw new WireError('json_value', `not an integer from ${min} to ${max}`, key);
  }
  return number;
}

/** uint64 and fixed64, as a decimal string or a number. */
export function uint64In(parent: JsonObject, key: string): bigint {
  const value = parent[key];
  return value === undefined || value === null ? 0n : uint64(value, key);
}

function uint64(value: unknown, key: string): bigint {
  const integer = integer64(value, key);
  if (integer < 0n || integer > MAX_UINT64) {
    throw new WireError('json_value', 'not an unsigned 64-bit integer', key);
  }
  return integer;
}

/** int64 and sfixed64: a number if it is safe, else a bigint. */
export function int64(value: unknown, key: string): number | bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value === 0 ? 0 : value;
  const integer = integer64(value, key);
  if (integer < MIN_INT64 || integer > MAX_INT64) {
    throw new WireError('json_value', 'not a 64-bit integer', key);
  }
  const number = Number(integer);
  return Number.isSafeInteger(number) ? number : integer;
}

function integer64(value: unknown, key: string): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  if (typeof value === 'string' && INTEGER.test(value)) return BigInt(value);
  throw new WireError('json_value', 'not an integer', key);
}

export function doubleIn(parent: JsonObject, key: string): number {
  return optionalDoubleIn(parent, key) ?? 0;
}

export function optionalDoubleIn(parent: JsonObject, key: string): number | undefined {
  const value = parent[key];
  return value === undefined || value === null ? undefined : double(value, key);
}

/** A number, or one of the strings of protobuf JSON for NaN and infinities. */
export function double(value: unknown, key: string): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value === 'NaN') return NaN;
  if (value === 'Infinity') return Infinity;
  if (value === '-Infinity') return -Infinity;
  if (typeof value === 'string' && NUMBER.test(value)) return Number(value);
  throw new WireError('json_value', 'not a number', key);
}

/** A value that is a double or an integer, in a field for each; 0 where both are missing. */
export function numberIn(parent: JsonObject): number | bigint {
  const integer = parent['asInt'];
  if (integer !== undefined && integer !== null) return int64(integer, 'asInt');
  return doubleIn(parent, 'asDouble');
}

export function doublesIn(parent: JsonObject, key: string, budget: DecodeBudget): number[] {
  return listIn(parent, key).map((value) => {
    budget.value();
    return double(value, key);
  });
}

export function uint64sIn(parent: JsonObject, key: string, budget: DecodeBudget): bigint[] {
  return listIn(parent, key).map((value) => {
    budget.value();
    return uint64(value, key);
  });
}
