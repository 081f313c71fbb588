import type { MakeStandIn } from '../../sandbox/stand-in.ts';
import { workspaceRouter } from './sandbox-routes.ts';
import { type Workspace, workspaceOf, workspaceSchema } from './sandbox-workspace.ts';

export { channels as sandboxChannels, userId as sandboxUserId } from './sandbox-workspace.ts';

/** What the stand-in accepts, and what it would sign clicks with. */
export const sandboxCredentials = {
  token: 'xoxb-sandbox-0000000000-muster',
  signingSecret: 'sandbox-slack-signing-secret-0000',
} as const;

const words: Readonly<Record<number, string>> = {
  401: 'invalid_auth',
  403: 'restricted_action',
  404: 'channel_not_found',
  429: 'ratelimited',
  500: 'internal_error',
  503: 'service_unavailable',
};

/**
 * A Slack workspace's stand-in: the Web API's methods that post, look people up and read history. Everybody of the company has
 * a user; the channels are `sandboxChannels`. Vendor faults: `notInChannel` and `archived` (200 with `ok: false` when a
 * message is posted), `noHistory` (the scopes to look for repeats are missing).
 */
export const makeStandIn: MakeStandIn = (tools) => {
  let workspace: Workspace = workspaceOf([]);
  return {
    state: () => ({
      accounts: [],
      users: workspace.users,
      messages: workspace.messages.map(({ posted: _, ...message }) => message),
    }),
    seed: (people, company = people) => {
      workspace = workspaceOf(company);
    },
    dump: () => structuredClone(workspace),
    restore: (dumped) => {
      workspace = workspaceSchema.parse(dumped);
    },
    router: workspaceRouter(() => workspace, tools, sandboxCredentials.token),
    errorBody: (status) => ({
      body: JSON.stringify({ ok: false, error: words[status] ?? (status >= 500 ? 'fatal_error' : 'unknown_error') }),
      contentType: 'application/json',
    }),
  };
};
