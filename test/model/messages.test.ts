import { describe, expect, it } from 'vitest';
import { eventWorkflowId, laterKey, occurrenceOf } from '../../src/model/messages.ts';

describe('the key of an equal event that came past Temporal’s memory', () => {
  const later = laterKey('workday:fp-00.1', '0198b6ad-1c34-7e1a-b32f-1f2f3f4f5f6f');

  it('names the run, leads to the workflow of the first, and tells what else has that workflow’s name apart', () => {
    expect(later).toBe('workday:fp-00.1~0198b6ad');
    expect(eventWorkflowId(later)).toBe('event:workday:fp-00.1');
    expect(occurrenceOf(later)).toBe('~0198b6ad');
  });

  it('leaves every other key as it is', () => {
    expect(eventWorkflowId('workday:fp-00.1')).toBe('event:workday:fp-00.1');
    expect(occurrenceOf('workday:fp-00.1')).toBe('');
  });
});
