import { Injectable } from '@nestjs/common';

/** `starting` until the app listens, `ready`, `draining` from the first step of shutdown, `stopped` at its end. */
type ServiceStateName = 'starting' | 'ready' | 'draining' | 'stopped';

/** The state of the service in its life. Only the lifecycle room changes it, and it never goes back. */
@Injectable()
export class ServiceState {
  #name: ServiceStateName = 'starting';
  #onReady = (): void => {};

  get name(): ServiceStateName {
    return this.#name;
  }

  /** Calls `listener` once the service is ready, or now if it is ready already. There is one listener. */
  onReady(listener: () => void): void {
    this.#onReady = listener;
    if (this.#name === 'ready') listener();
  }

  ready(): void {
    if (this.#name !== 'starting') return;
    this.#name = 'ready';
    this.#onReady();
  }

  draining(): void {
    if (this.#name !== 'stopped') this.#name = 'draining';
  }

  stopped(): void {
    this.#name = 'stopped';
  }
}
