import { z } from 'zod';
import { type Org, sameLogin } from './sandbox-org.ts';

/** Rows a page; tiny, so that whoever forgets the next page is found out. */
const pageSize = 2;

const callSchema = z.object({
  query: z.string(),
  variables: z.object({
    org: z.string(),
    userName: z.string().optional(),
    login: z.string().optional(),
    after: z.string().nullish(),
  }),
});

/** Answers the two queries that the target makes, told apart by the names of their operations. */
export function answerGraphql(body: unknown, org: Org, options: { saml: boolean }): unknown {
  const { query, variables } = callSchema.parse(body);
  const organization = /^query Identities\(/.test(query)
    ? { samlIdentityProvider: options.saml ? identitiesNamed(org, variables) : null }
    : /^query Access\(/.test(query)
      ? {
          samlIdentityProvider: options.saml ? identitiesOf(org, variables.login) : null,
          teams: teamsOf(org, variables),
        }
      : undefined;
  if (organization === undefined) {
    return { errors: [{ type: 'UNKNOWN', message: 'the sandbox knows the queries Identities and Access alone' }] };
  }
  return { data: { organization } };
}

interface Variables {
  userName?: string | undefined;
  login?: string | undefined;
  after?: string | null | undefined;
}

function identitiesNamed(org: Org, { userName = '', after }: Variables): unknown {
  // By its beginning, so that whoever does not compare it again takes somebody else's.
  const found = org.identities.filter((one) => one.nameId.toLowerCase().startsWith(userName.toLowerCase().slice(0, 5)));
  const nodes = found.map(({ nameId, login }) => {
    const user = org.users.find((one) => sameLogin(one.login, login));
    return {
      samlIdentity: { nameId },
      scimIdentity: null,
      user: user === undefined ? null : { databaseId: user.id, login: user.login },
    };
  });
  return { externalIdentities: page(nodes, after) };
}

function identitiesOf(org: Org, login = ''): unknown {
  const nodes = org.identities
    .filter((one) => sameLogin(one.login, login))
    .map(({ nameId }) => ({ samlIdentity: { nameId }, scimIdentity: null }));
  return { externalIdentities: page(nodes, null) };
}

function teamsOf(org: Org, { login = '', after }: Variables): unknown {
  const teams = org.members.find((one) => sameLogin(one.login, login))?.teams ?? [];
  return page(
    teams.map((slug) => ({ slug })),
    after,
  );
}

function page<T>(nodes: T[], after: string | null | undefined): unknown {
  const from = Number(after ?? 0);
  const to = from + pageSize;
  return {
    nodes: nodes.slice(from, to),
    pageInfo: { hasNextPage: to < nodes.length, endCursor: String(to) },
  };
}
