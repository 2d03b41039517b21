export type * from './model.js';
export type { ExportReply } from './reply.js';
