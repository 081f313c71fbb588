/** A person's workflow whose code has a fault: every task of it fails. */
export async function person(): Promise<void> {
  throw new Error('a fault in the code');
}
