import { createContextKey } from '@opentelemetry/api';
import type { Context } from '@opentelemetry/api';

const APP = createContextKey('nestlens.app');

/** Notes in `context` the app to which all work in it belongs. */
export const withApp = (context: Context, app: object): Context => context.setValue(APP, app);

/** The app that a request or call came to; `undefined` outside of one, such as in a timer of a module. */
export const appOf = (context: Context): object | undefined =>
  context.getValue(APP) as object | undefined;
