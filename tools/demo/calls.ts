/** One request to the gateway. */
export interface Call {
  readonly method: 'GET' | 'POST';
  /** Path with query. */
  readonly path: string;
  /** Route, as Nest knows it. Empty if no route matches. */
  readonly route: string;
  readonly body?: unknown;
  /** Expected status. */
  readonly status: number;
}

const order = (fields: Record<string, unknown>, status: number): Call => ({
  method: 'POST',
  path: '/orders',
  route: '/orders',
  body: { userId: 'ada', sku: 'coffee', quantity: 1, card: 'tok_visa', ...fields },
  status,
});

const get = (path: string, route: string, status = 200): Call => ({
  method: 'GET',
  path,
  route,
  status,
});

/** Requests to the shop, including those that fail. */
export const calls = {
  place: (userId = 'ada', sku = 'coffee') => order({ userId, sku }, 201),
  outOfStock: () => order({ sku: 'unicorn' }, 409),
  declined: () => order({ card: 'tok_declined' }, 402),
  unknownUser: () => order({ userId: 'nobody' }, 404),
  badBody: () => order({ quantity: 'many' }, 400),
  crash: () => order({ sku: 'crash' }, 500),
  read: (id: string) => get(`/orders/${id}`, '/orders/:id'),
  list: () => get('/orders?limit=5', '/orders'),
  watch: (id: string) => get(`/orders/${id}/watch`, '/orders/:id/watch'),
  user: () => get('/users/grace', '/users/:id'),
  noUser: () => get('/users/nobody', '/users/:id', 404),
  slow: (ms: number) => get(`/slow?ms=${ms}`, '/slow'),
  noRoute: () => get('/nowhere', '', 404),
  restock: (): Call => ({
    method: 'POST',
    path: '/stock/restock',
    route: '/stock/restock',
    body: [
      { sku: 'coffee', quantity: 12 },
      { sku: 'mug', quantity: 6 },
    ],
    status: 200,
  }),
  sync: (): Call => ({
    method: 'POST',
    path: '/stock/sync',
    route: '/stock/sync',
    body: [
      { sku: 'tea', counted: 500 },
      { sku: 'mug', counted: 200 },
    ],
    status: 200,
  }),
} as const;
