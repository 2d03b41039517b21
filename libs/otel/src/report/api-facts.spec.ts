import type { SlotOwner } from '../api/slot-owner.js';
import { apiFindings } from './api-facts.js';
import type { ApiFacts } from './api-facts.js';

const OURS: SlotOwner = { kind: 'ours' };
const THEIRS: SlotOwner = { kind: 'other', name: 'TheirProvider (opentelemetry 2.1.0)' };
const ALL_OURS = { traces: OURS, metrics: OURS, logs: OURS, context: OURS, propagation: OURS };

const findings = (part: Partial<ApiFacts>) =>
  apiFindings({
    owners: ALL_OURS,
    shared: '1.10.0',
    own: '1.10.0',
    readable: true,
    copies: [{ version: '1.10.0', path: '/app/node_modules/@opentelemetry/api' }],
    ...part,
  });

describe('apiFindings', () => {
  it('is empty if all parts of the API are ours or free', () => {
    expect(findings({})).toEqual([]);
    const nobody = { ...ALL_OURS, logs: { kind: 'nobody' } as const };
    expect(findings({ owners: nobody })).toEqual([]);
  });

  it('names the owner of each foreign part, and the consequence', () => {
    const owners = { ...ALL_OURS, traces: THEIRS, metrics: THEIRS, context: THEIRS };
    const told = findings({ owners });
    expect(told.map(([what]) => what)).toEqual(['API traces', 'API metrics', 'API context']);
    for (const [, why] of told) expect(why).toMatch(/^TheirProvider \(opentelemetry 2\.1\.0\) /);
    expect(told[2]?.[1]).toMatch(/used, not replaced$/);
  });

  it('says that an SDK that started after our import gets no spans', () => {
    const [told] = findings({ owners: { ...ALL_OURS, context: THEIRS } });
    expect(told?.[1]).toMatch(/gets no spans from the API: start it before$/);
  });

  it('names copies of different versions with their paths, but not copies of one version', () => {
    const copy = (version: string, path: string) => ({ version, path });
    expect(findings({ copies: [copy('1.10.0', '/a'), copy('1.10.0', '/b')] })).toEqual([]);
    expect(findings({ copies: [copy('1.10.0', '/a'), copy('1.9.1', '/b')] })).toEqual([
      ['API copies', 'there are several versions: 1.10.0 in /a, 1.9.1 in /b'],
    ]);
  });

  it('names version and path of a copy whose object ours cannot read', () => {
    const copies = [
      { version: '1.4.1', path: '/old' },
      { version: '1.10.0', path: '/new' },
    ];
    const told = findings({ shared: '1.4.1', readable: false, copies });
    expect(told.at(-1)?.[0]).toBe('API 1.4.1');
    expect(told.at(-1)?.[1]).toMatch(/^\/old was first.*1\.10\.0 sees neither/);
    expect(findings({ shared: '1.4.1', readable: false, copies: [] }).at(-1)?.[1]).toMatch(
      /^a copy of @opentelemetry\/api was first/,
    );
  });
});
