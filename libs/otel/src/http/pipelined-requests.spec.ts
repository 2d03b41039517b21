import { Socket } from 'node:net';
import { once } from 'node:events';
import { PipelinedRequests } from './pipelined-requests.js';

describe('PipelinedRequests', () => {
  it('reports each request that still waits when the socket closes, with one listener', async () => {
    const requests = new PipelinedRequests();
    const socket = new Socket();
    const told: string[] = [];
    const before = socket.listenerCount('close');
    const forget = requests.watch(socket, () => told.push('answered'));
    for (let n = 0; n < 20; n++) requests.watch(socket, () => told.push('waiting'));
    expect(socket.listenerCount('close') - before).toBe(1);
    forget();
    socket.destroy();
    await once(socket, 'close');
    expect(told).toEqual(Array.from({ length: 20 }, () => 'waiting'));
  });
});
