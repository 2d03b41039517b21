import { wireFiles } from '../../tools/wire/files.js';
import { MESSAGES } from '../../tools/wire/messages.js';
import { read } from './tree.js';

describe('the readers of OTLP messages', () => {
  it.each(Object.entries(wireFiles()))('%s is as the table says; npm run wire', (path, text) => {
    expect(read(path)).toBe(text);
  });

  it('know each message, field and number once', () => {
    const twice = MESSAGES.flatMap(({ name, fields }) => {
      const numbers = fields.flatMap(({ number, kind }) => {
        if (typeof kind === 'string' || 'message' in kind || 'list' in kind) return [number];
        if ('oneOf' in kind) return Object.values(kind.oneOf).map(([at]) => at);
        return 'double' in kind ? [kind.double, kind.int] : [];
      });
      return new Set(numbers).size === numbers.length && !numbers.includes(0) ? [] : [name];
    });
    expect(twice).toEqual([]);
    expect(new Set(MESSAGES.map(({ name }) => name)).size).toBe(MESSAGES.length);
  });
});
