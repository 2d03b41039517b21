import { coresIn, shareCores } from './cores.ts';

describe('cores', () => {
  it('are read from the list of the kernel', () => {
    expect(coresIn('0-2,5\n')).toEqual([0, 1, 2, 5]);
    expect(coresIn('7')).toEqual([7]);
    expect(coresIn('')).toEqual([]);
  });

  it('are shared: one for the server, all others for the load', () => {
    expect(shareCores([2, 3, 5])).toMatchObject({ server: '2', load: '3,5' });
  });

  it('are left to the system where there is one only, and the figures say so', () => {
    expect(shareCores([0])).toEqual({
      server: undefined,
      load: undefined,
      how: 'nothing pinned: only one core',
    });
  });
});
