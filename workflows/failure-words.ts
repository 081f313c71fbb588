import { ActivityFailure } from '@temporalio/workflow';

/** What an activity failed with, as a sentence. */
export function failureWords(error: unknown): string {
  const cause = error instanceof ActivityFailure ? (error.cause ?? error) : error;
  return sentence(cause instanceof Error ? cause.message : String(cause));
}

/** Words that others are put behind. */
export const sentence = (words: string): string => (words.endsWith('.') ? words : `${words}.`);
