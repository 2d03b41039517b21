import { terminates } from '@nestlens/testing';
import { certificatesIn, lastToEnd } from './pem.js';
import { pem } from './fixtures/certificates.js';

const BEGIN = '-----BEGIN CERTIFICATE-----\n';
const END = '-----END CERTIFICATE-----\n';

describe('the certificates of a bundle', () => {
  it('are counted with those that cannot be read, wherever these stand', () => {
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

  it('take no more time where nothing ends what begins', () => {
    const count = 200_000;
    // Reading again from each BEGIN line took minutes.
    expect(terminates(() => certificatesIn(BEGIN.repeat(count)).bad)).toBe(count);
    expect(terminates(() => certificatesIn(END.repeat(count)).bad)).toBe(0);
  });

  it('end with the last of them', () => {
    const { certificates } = certificatesIn(pem('expired.pem') + pem('ca.pem'));
    expect(lastToEnd(certificates)?.subject).toBe('CN=Nestlens test CA');
    expect(lastToEnd([])).toBeUndefined();
  });
});
