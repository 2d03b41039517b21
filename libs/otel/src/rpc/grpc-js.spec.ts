import { completed } from './grpc-js.js';

interface Call {
  start(): string;
}

class Wrapper implements Call {
  readonly next: Call;
  readonly #word: string;
  constructor(next: Call, word: string) {
    this.next = next;
    this.#word = word;
  }
  start(): string {
    return `${this.#word} ${this.next.start()}`;
  }
}

class Old implements Call {
  start(): string {
    return 'started';
  }
}

class Newer extends Old {
  #count = 0;
  later(by: number): number {
    this.#count += by;
    return this.#count;
  }
}

describe('completed', () => {
  const wrap = completed<Call, [string]>(Wrapper);

  it('passes methods of a newer release on to the wrapped call', () => {
    const call = wrap(new Newer(), 'soon') as unknown as Newer;
    expect(call.start()).toBe('soon started');
    expect([call.later(2), call.later(3)]).toEqual([2, 5]);
  });

  it('has no methods that the wrapped call lacks', () => {
    expect('later' in wrap(new Old(), '')).toBe(false);
    expect('later' in wrap(new Newer(), '')).toBe(true);
  });

  it('wraps plain objects', () => {
    expect(wrap({ start: () => 'plain' }, 'so').start()).toBe('so plain');
  });
});
