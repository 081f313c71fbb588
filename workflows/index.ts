/** What a worker runs: every exported function here is a workflow type. */
export { adopt } from './adopt.ts';
export { deliveryCheck } from './delivery-check.ts';
export { identityEvent } from './identity-event.ts';
export { person } from './person.ts';
export { propagatePolicy } from './propagate-policy.ts';
export { reconcile } from './reconcile.ts';
export { refusal } from './refusal.ts';
