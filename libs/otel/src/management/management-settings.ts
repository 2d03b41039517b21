import type { HealthConfig } from '../options/otel.config.js';

/** The part of {@link HealthConfig} that says where the management routes answer. */
export type ManagementSettings = Pick<HealthConfig, 'host' | 'port'>;

/** Injection token of the {@link ManagementSettings}. */
export const MANAGEMENT_SETTINGS = Symbol('nestlens.otel.management.settings');
