import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { containerDetector } from './container-detector.js';

const ID = '05bb1a7b4bd3f2a8c1e0d9f6a7b8c9d0e1f2a3b4c5d6e7f8091a2b3c4d5e6f70';
const OTHER = 'f'.repeat(64);

describe('containerDetector', () => {
  const self = mkdtempSync(join(tmpdir(), 'container-'));
  const found = (cgroup: string, mounts = ''): unknown => {
    writeFileSync(join(self, 'cgroup'), cgroup);
    writeFileSync(join(self, 'mountinfo'), mounts);
    return containerDetector(self).detect().attributes?.['container.id'];
  };
  afterAll(() => rmSync(self, { recursive: true }));

  it.each([
    ['Docker', `12:pids:/docker/${ID}`],
    ['Docker under systemd', `1:name=systemd:/system.slice/docker-${ID}.scope`],
    ['Docker in Docker', `12:pids:/docker/${OTHER}/docker/${ID}`],
    ['Kubernetes', `11:cpu:/kubepods/burstable/pod2ddf1b5c-5a09-4e2a-b8d4-1f3c5f6a7b8c/${ID}`],
    ['containerd', `0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-${ID}.scope`],
    [
      'containerd with a colon',
      `0::/system.slice/containerd.service/kubepods:cri-containerd:${ID}`,
    ],
    ['CRI-O', `0::/kubepods.slice/crio-${ID}.scope`],
    ['Podman', `0::/machine.slice/libpod-${ID}.scope`],
  ])('reads the id in the control groups of %s', (_runtime, line) => {
    expect(found(`9:name=systemd:/\n${line}\n`)).toBe(ID);
  });

  it.each([
    ['Docker', `/var/lib/docker/containers/${ID}/hostname /etc/hostname rw,relatime`],
    ['Podman', `/overlay-containers/${ID}/userdata/hostname /etc/hostname rw,nosuid`],
  ])('reads the id in the mounts of %s if the control groups show none', (_runtime, mount) => {
    const others = `616 589 0:60 / / rw - overlay overlay rw,lowerdir=/x/${OTHER}\n`;
    expect(found('0::/\n', `${others}638 616 254:1 ${mount} - ext4 /dev/vda1 rw\n`)).toBe(ID);
  });

  it('finds nothing outside a container', () => {
    const session = '0::/user.slice/user-1000.slice/session-2.scope\n';
    const sandbox = `/containerd/io.containerd.grpc.v1.cri/sandboxes/${ID}/hostname /etc/hostname rw`;
    expect(found(session)).toBeUndefined();
    expect(found('0::/\n', `1 2 0:1 ${sandbox} - ext4 /dev/vda1 rw\n`)).toBeUndefined();
    expect(containerDetector(join(self, 'nowhere')).detect().attributes).toEqual({});
  });
});
