import { Dictionary } from './dictionary.js';
import type { KnownKey } from './dictionary.js';

function learn(dictionary: Dictionary, key: string): KnownKey | undefined {
  dictionary.find(key, dictionary.start());
  return dictionary.find(key, dictionary.start());
}

function bytesOf(
  dictionary: Dictionary,
  block: { start: number; words: number; bytes: number },
): string {
  const words = dictionary.arena.slice(block.start, block.start + block.words);
  return Buffer.from(words.buffer, 0, block.bytes).toString('latin1');
}

describe('the dictionary', () => {
  it('returns a key from its second use on', () => {
    const dictionary = new Dictionary();
    expect(dictionary.find('key', dictionary.start())).toBeUndefined();
    const known = dictionary.find('key', dictionary.start())!;
    expect(bytesOf(dictionary, known)).toBe('\n\x03key\x12');
  });

  it('returns a value from its second use on, as a whole attribute', () => {
    const dictionary = new Dictionary();
    const key = learn(dictionary, 'key')!;
    expect(dictionary.attribute(key, 'value')).toBeUndefined();
    dictionary.attribute(key, 'value');
    const known = dictionary.attribute(key, 'value')!;
    expect(bytesOf(dictionary, known)).toBe('\x0e\n\x03key\x12\x07\n\x05value');
  });

  it('does not store long keys and values', () => {
    const dictionary = new Dictionary();
    expect(learn(dictionary, 'k'.repeat(257))).toBeUndefined();
    const key = learn(dictionary, 'key')!;
    for (let time = 0; time < 3; time++) {
      expect(dictionary.attribute(key, 'v'.repeat(257))).toBeUndefined();
    }
  });

  it('links each key to the key that follows it', () => {
    const dictionary = new Dictionary();
    const first = learn(dictionary, 'first')!;
    learn(dictionary, 'second');
    const second = dictionary.find('second', first);
    expect(first.next).toBe(second);
    expect(dictionary.find('second', first)).toBe(second);
  });

  it('starts anew when it is full, but keeps the blocks of the current item valid', () => {
    const dictionary = new Dictionary();
    const first = learn(dictionary, 'first')!;
    const bytes = bytesOf(dictionary, first);
    const previous = dictionary.start();
    let known = 0;
    for (let index = 0; index < 20_000; index++) {
      dictionary.find(`key ${index}`, previous);
      if (dictionary.find(`key ${index}`, previous) !== undefined) known++;
    }
    expect(known).toBeLessThan(4096);
    expect(known).toBeGreaterThan(2000);
    expect(bytesOf(dictionary, first)).toBe(bytes);
    expect(learn(dictionary, 'another')).toBeDefined();
  });

  it('stops storing values for a while if a key has a new value each time', () => {
    const dictionary = new Dictionary();
    const key = learn(dictionary, 'user.id')!;
    for (let index = 0; index < 100; index++) dictionary.attribute(key, `user ${index}`);
    expect(key.patience).toBeLessThan(0);
    for (let index = 0; index < 1000; index++) dictionary.attribute(key, 'the same');
    expect(dictionary.attribute(key, 'the same')).toBeDefined();
  });

  it('does not store a value that came once before that pause and once after it', () => {
    const dictionary = new Dictionary();
    const key = learn(dictionary, 'user.id')!;
    dictionary.attribute(key, 'user 7');
    for (let rests = 0; key.rests === 0; rests++) dictionary.attribute(key, `other ${rests}`);
    while (key.patience < 0) dictionary.attribute(key, 'not looked at');
    expect(dictionary.attribute(key, 'user 7')).toBeUndefined();
    expect(dictionary.attribute(key, 'user 7')).toBeDefined();
  });
});
