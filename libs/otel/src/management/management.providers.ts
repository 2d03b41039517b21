import { ManagementMount } from './management-mount.js';
import { ManagementRoutes } from './management-routes.js';
import { ManagementServer } from './management-server.js';

/** Needs `AdapterHooks`, `Inventory`, `ShutdownPhases`, `ServiceReadiness` and {@link MANAGEMENT_SETTINGS}. */
export const MANAGEMENT_PROVIDERS = [ManagementRoutes, ManagementMount, ManagementServer];
