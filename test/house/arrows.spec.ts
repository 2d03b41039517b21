import { circlesIn, roomOf, roomRows } from './arrows.js';

describe('the check of imports', () => {
  it('finds each circle once, and none in a diamond', () => {
    const arrow = (text: string) => ({ from: text.slice(0, 1), to: text.slice(1) });
    expect(circlesIn(['ab', 'ac', 'bd', 'cd'].map(arrow))).toEqual([]);
    expect(circlesIn(['ab', 'bc', 'cb', 'dd'].map(arrow))).toEqual(['b -> c -> b', 'd -> d']);
  });

  it('reads the rows of the table of rooms, and no other table', () => {
    const page =
      '\n## Rooms of it\n\n| room | what |\n| --- | --- |\n| `a-b`, `c` | x |\n| `d` | `e` |\n\n## Next\n| `f` | y |\n';
    expect(roomRows(page)).toEqual([['a-b', 'c'], ['d']]);
  });

  it('finds the room of a file', () => {
    expect(
      ['libs/x/src/http/a.ts', 'libs/x/src/http/fixtures/b.ts', 'libs/x/src/c.ts'].map(roomOf),
    ).toEqual(['http', 'http', undefined]);
  });
});
