import { useLeakCheck } from '@nestlens/testing';
import { runPhase } from '../lifecycle/phase-run.js';
import { ShutdownPhases } from '../lifecycle/shutdown-phases.js';
import type { RpcOptions } from '../options/otel.options.js';
import { drive, hanging } from './fixtures/drive.js';
import type { Ended } from './fixtures/drive.js';
import { bareClient, startShop } from './fixtures/shop.js';

useLeakCheck();

/** Runs the phases of a shutdown under an endless stream, whose end is returned. */
const shutDown = async (
  rpc: RpcOptions,
  inFlightMs: number,
): Promise<{ stream: Ended; left: readonly string[]; outcome: string }> => {
  const shop = await startShop({ rpc });
  const client = bareClient(shop.port);
  const waits = hanging();
  const stream = drive(client, 'Watch', 'endless').ended;
  await waits;
  const phases = shop.get<ShutdownPhases>(ShutdownPhases);
  await runPhase('stop-intake', phases.stepsOf('stop-intake'), 1000);
  const report = await runPhase('in-flight', phases.stepsOf('in-flight'), inFlightMs);
  const ended = await stream;
  client.close();
  await shop.close();
  return { stream: ended, left: report.left, outcome: report.outcome };
};

describe('a gRPC stream that stays open in a shutdown', () => {
  it('ends by UNAVAILABLE before the deadline', async () => {
    const { stream, left, outcome } = await shutDown({}, 1000);
    expect(stream.code).toBe(14);
    expect(left).toEqual(['gRPC calls: 1 ended by UNAVAILABLE, oldest shop.v1.Orders/Watch']);
    expect(outcome).toBe('done');
  });

  it('is not waited for, and not named, if its method is ignored', async () => {
    const day = 86_400_000;
    const { stream, left } = await shutDown({ ignore: ['shop.v1.Orders/Watch'] }, day);
    expect(stream.code).toBe(14);
    expect(left).toEqual([]);
  });

  it('is cut where gRPC servers are not instrumented', async () => {
    const { stream } = await shutDown({ server: false }, 200);
    expect(stream.code).toBe(1);
  });
});
