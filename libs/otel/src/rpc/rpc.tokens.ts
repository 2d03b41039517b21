/** Injection token of the {@link RpcSettings}. */
export const RPC_SETTINGS = Symbol('nestlens.rpc.settings');
