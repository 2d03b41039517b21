import { HeaderQuestions } from './header-questions.js';
import type { FromWorker } from './worker-messages.js';

type Question = FromWorker & { readonly kind: 'headers' };

describe('questions for headers', () => {
  let told: Question[];
  let questions: HeaderQuestions;

  beforeEach(() => {
    told = [];
    questions = new HeaderQuestions((message) => told.push(message as Question));
  });

  it('get their own answers in any order', async () => {
    const asked = [questions.ask('traces'), questions.ask('logs')];
    expect(told.map(({ signal }) => signal)).toEqual(['traces', 'logs']);
    questions.answer(told[1]!.id, { a: 'logs' });
    questions.answer(told[0]!.id, { a: 'traces' });
    expect(await Promise.all(asked)).toEqual([{ a: 'traces' }, { a: 'logs' }]);
  });

  it('are rejected if the function failed', async () => {
    const asked = questions.ask('traces');
    questions.answer(told[0]!.id, 'failed');
    await expect(asked).rejects.toThrow('failed');
  });

  it('are answered with the last headers once the app cannot be asked, and rejected if there are none', async () => {
    const asked = [questions.ask('traces'), questions.ask('logs')];
    questions.alone({ traces: { a: 'last' } });
    const outcomes = await Promise.allSettled([...asked, questions.ask('traces')]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    await expect(questions.ask('metrics')).rejects.toThrow('failed');
    expect(told).toHaveLength(2);
  });

  it('are forgotten if there are more than 256, and later ones are answered', async () => {
    const settled: number[] = [];
    for (let ask = 0; ask < 300; ask += 1) {
      void questions.ask('traces').then(() => settled.push(ask));
    }
    for (const { id } of told) questions.answer(id, {});
    await new Promise((resolve) => setImmediate(resolve));
    expect(settled).toEqual(Array.from({ length: 256 }, (_, at) => at + 44));
  });
});
