import { createHmac, timingSafeEqual } from 'node:crypto';
import { proofText } from '../src/model/proof.ts';
import type { Dependencies } from './dependencies.ts';

/** Whether the API made this proof: HMAC-SHA256, hex, over workflow, item, action, actor and nonce. */
export async function verifyProof(
  { proofKey }: Dependencies,
  claim: { workflowId: string; item: string; action: string; by: string; nonce: string; mac: string },
): Promise<boolean> {
  const expected = createHmac('sha256', await proofKey())
    .update(proofText(claim))
    .digest();
  const given = Buffer.from(claim.mac, 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
}
