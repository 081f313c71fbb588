/** A stop of everything. */
export const everything = 'all';
/** A stop of all that came from one source, and of what that has begun. */
export const sourceScope = (source: string): string => `source:${source}`;
/** A stop of every changing call at one target. */
export const targetScope = (target: string): string => `target:${target}`;

/** Milliseconds after a `go` at which changing calls of each priority begin, so that what waited goes on in its order. */
export const goesOnAfterMs: Readonly<Record<number, number>> = { 1: 0, 2: 1_200, 3: 6_500, 4: 9_000, 5: 12_000 };
