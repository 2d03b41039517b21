/** Injection token of the resolved {@link HttpSettings}. */
export const HTTP_SETTINGS = Symbol('nestlens.http.settings');
