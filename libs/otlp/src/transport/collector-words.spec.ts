import { parseEndpoint } from '../pool/endpoint.js';
import { accepted, partial, refused, refusedForSize, retry } from '../send/outcome.js';
import type { Outcome } from '../send/outcome.js';
import { wordsFor } from './collector-words.js';

const endpoint = parseEndpoint('http://user:canary@collector:4318/secret');
function said(outcome: Outcome, message = '', path?: string): string | undefined {
  const words = wordsFor({ signal: 'traces', items: 10 }, endpoint, outcome, message, path);
  return words && `${words.code}: ${words.text}`;
}

it.each<[Outcome, string, string | undefined]>([
  [accepted, '', undefined],
  [accepted, 'soon no more', 'partial_success: traces taken by collector:4318: soon no more'],
  [
    partial(3, 'too old'),
    'too old',
    'partial_success_traces: 3 of 10 items of traces refused by collector:4318: too old; what it refuses is lost',
  ],
  [
    partial(3, ''),
    '',
    'partial_success_traces: 3 of 10 items of traces refused by collector:4318; what it refuses is lost',
  ],
  [retry('503'), '', undefined],
  [retry('503'), 'full', '503: traces not taken by collector:4318 (503): full; trying again'],
  [refused('closed'), '', undefined],
  [refused('too_large'), '', undefined],
  [refusedForSize('413'), 'big', undefined],
  [
    refused('500'),
    '',
    'refused_traces_500: traces refused by collector:4318 (500); what it refuses is lost',
  ],
  [
    refused('PERMISSION_DENIED'),
    '',
    'refused_traces_PERMISSION_DENIED: traces refused by collector:4318 (PERMISSION_DENIED): are the credentials right?; what it refuses is lost',
  ],
  [
    refused('404'),
    'no page',
    'refused_traces_404: traces refused by collector:4318 (404): no page (is the path right?); what it refuses is lost',
  ],
])('the warning for %p with the message %p is: %p', (outcome, message, words) => {
  expect(said(outcome, message)).toBe(words);
});

it('the warning for a 404 names the whole path', () => {
  expect(said(refused('404'), '', '/v1/traces/v1/traces')).toBe(
    'refused_traces_404: traces refused by collector:4318 (404): is the path /v1/traces/v1/traces right?; what it refuses is lost',
  );
  expect(said(refused('403'), '', '/v1/traces')).not.toContain('path');
});
