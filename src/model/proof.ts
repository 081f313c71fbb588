/** What the API vouches for, as the text its HMAC runs over. One field a line, so that no two requests share a text. */
export function proofText(claim: {
  workflowId: string;
  item: string;
  action: string;
  by: string;
  nonce: string;
}): string {
  return [claim.workflowId, claim.item, claim.action, claim.by, claim.nonce]
    .map((field) => JSON.stringify(field))
    .join('\n');
}
