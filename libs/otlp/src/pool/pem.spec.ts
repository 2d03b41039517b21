import { terminates } from '@nestlens/testing';
import { certificatesIn, lastToEnd } from './pem.js';
import { pem } from './fixtures/certificates.js';

const BEGIN = '-----BEGIN CERTIFICATE-----\n';
const END = '-----END CERTIFICATE-----\n';

describe('the certificates of a bundle', () => {
  it('are read and counted, also between blocks that cannot be read', () => {
    const bad = `${BEGIN}AAAA\n${END}`;
    const cut = pem('other-ca.pem').slice(0, 200);
    const { certificates, bad: count } = certificatesIn(
      `# comment\n${pem('ca.pem')}${bad}${pem('other-ca.pem')}${pem('client.key')}${cut}`,
    );
    expect(certificates.map(({ subject }) => subject)).toEqual([
      'CN=Nestlens test CA',
      'CN=Other test CA',
    ]);
    expect(count).toBe(2);
  });

  it('are searched in linear time, even with 200,000 blocks without an end', () => {
    const count = 200_000;
    // A new search from each BEGIN line would take minutes.
    expect(terminates(() => certificatesIn(BEGIN.repeat(count)).bad)).toBe(count);
    expect(terminates(() => certificatesIn(END.repeat(count)).bad)).toBe(0);
  });

  it('include one that is valid longest', () => {
    const { certificates } = certificatesIn(pem('expired.pem') + pem('ca.pem'));
    expect(lastToEnd(certificates)?.subject).toBe('CN=Nestlens test CA');
    expect(lastToEnd([])).toBeUndefined();
  });
});
