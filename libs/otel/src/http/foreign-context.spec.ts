import { Controller, Get, UseGuards } from '@nestjs/common';
import type { CanActivate } from '@nestjs/common';
import { trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { useLeakCheck } from '@nestlens/testing';
import { contexts } from '../context/contexts.js';
import { ownTracer } from '../late-bound/own-telemetry.js';
import { platforms, startHttpApp } from './fixtures/http-app.js';

/** A context manager from before API 1.10, such as Sentry's: it changes the active context only around a function. */
class EarlierContextManager extends AsyncLocalStorageContextManager {
  override readonly attach = undefined as never;
}

class Guard implements CanActivate {
  static sawSpan = false;

  // oxlint-disable-next-line typescript/class-methods-use-this
  canActivate(): boolean {
    Guard.sawSpan = trace.getSpan(contexts.active()) !== undefined;
    return true;
  }
}

@Controller()
class Works {
  @Get('work')
  @UseGuards(Guard)
  async work(): Promise<string> {
    await Promise.resolve();
    ownTracer().startActiveSpan('inside', (span) => span.end());
    return 'done';
  }

  @Get('quiet')
  quiet(): string {
    ownTracer().startActiveSpan('suppressed', (span) => span.end());
    return 'done';
  }
}

useLeakCheck();

describe.each(platforms)('a context manager that cannot be entered, on %s', (_, adapter) => {
  it("gives a request its context from the adapter's hook on", async () => {
    const app = await startHttpApp(adapter, {
      controllers: [Works],
      http: { ignore: ['/quiet'] },
      telemetry: { contextManager: new EarlierContextManager() },
    });
    await fetch(`${app.url}/quiet`);
    await fetch(`${app.url}/work`);
    const [inside, server] = await app.telemetry.waitForSpans(2);
    expect([inside?.name, server?.name]).toEqual(['inside', 'GET /work']);
    expect(inside?.parentSpanContext?.spanId).toBe(server?.spanContext().spanId);
    expect(Guard.sawSpan).toBe(true);
    await app.close();
  });
});
