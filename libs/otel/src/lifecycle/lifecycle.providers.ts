import { Availability } from './availability.js';
import { HttpIntake } from './http-intake.js';
import { InFlight } from './in-flight.js';
import { ServiceReadiness } from './service-readiness.js';
import { ServiceState } from './service-state.js';
import { ShutdownHooks } from './shutdown-hooks.js';
import { ShutdownPhases } from './shutdown-phases.js';
import { ShutdownSequence } from './shutdown-sequence.js';
import { ShutdownService } from './shutdown.service.js';

/** Needs `Inventory` and {@link SHUTDOWN_SETTINGS}. Users inject `ShutdownService`. */
export const LIFECYCLE_PROVIDERS = [
  ServiceState,
  Availability,
  InFlight,
  ShutdownPhases,
  ShutdownSequence,
  ShutdownHooks,
  ShutdownService,
  HttpIntake,
  ServiceReadiness,
];
