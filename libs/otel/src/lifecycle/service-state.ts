import { Injectable } from '@nestjs/common';

/** `starting` until the app listens, `ready`, `draining` from the first step of shutdown, `stopped` at its end. */
type ServiceStateName = 'starting' | 'ready' | 'draining' | 'stopped';

/** The state of the service in its life. Only the lifecycle room changes it, and it never goes back. */
@Injectable()
export class ServiceState {
  #name: ServiceStateName = 'starting';
  readonly #onReady: (() => void)[] = [];
  readonly #holds = new Set<{ readonly what: string }>();
  #isReadyWhenReleased = false;

  get name(): ServiceStateName {
    return this.#name;
  }

  /** The warm-ups that hold the start back. */
  get holds(): readonly string[] {
    return [...this.#holds].map(({ what }) => what);
  }

  /** Calls `listener` once the service is ready, or now if it is ready already. */
  onReady(listener: () => void): void {
    this.#onReady.push(listener);
    if (this.#name === 'ready') listener();
  }

  /**
   * Keeps the state `starting` until the returned function is called. That function returns true at its first call.
   * Ignored where the state is another one already.
   */
  hold(what: string): () => boolean {
    const hold = { what };
    if (this.#name === 'starting') this.#holds.add(hold);
    return () => {
      const isFirst = this.#holds.delete(hold);
      if (isFirst && this.#isReadyWhenReleased) this.ready();
      return isFirst;
    };
  }

  ready(): void {
    if (this.#name !== 'starting') return;
    if (this.#holds.size > 0) {
      this.#isReadyWhenReleased = true;
      return;
    }
    this.#name = 'ready';
    for (const listener of this.#onReady) listener();
  }

  draining(): void {
    if (this.#name !== 'stopped') this.#name = 'draining';
  }

  stopped(): void {
    this.#name = 'stopped';
  }
}
