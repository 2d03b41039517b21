import { NOT_SERVING, SERVING } from './health-messages.js';

/** True where what is asked for serves. Never rejects. */
export type HealthQuestion = () => boolean | Promise<boolean>;

/** Asks each question once for all of its names. */
export const askAll = async (
  questions: ReadonlyMap<string, HealthQuestion>,
): Promise<ReadonlyMap<string, number>> => {
  const asked = new Map<HealthQuestion, Promise<number>>();
  for (const question of questions.values()) {
    if (!asked.has(question)) asked.set(question, statusOf(question));
  }
  const statuses = [...questions].map(
    async ([name, question]) => [name, await asked.get(question)!] as const,
  );
  return new Map(await Promise.all(statuses));
};

export const statusOf = async (question: HealthQuestion): Promise<number> =>
  (await question()) ? SERVING : NOT_SERVING;
