/** Who is behind a single sign-on identity. Checked against GitHub's published schema by a test. */
export const identitiesQuery = `query Identities($org: String!, $userName: String!, $after: String) {
  organization(login: $org) {
    samlIdentityProvider {
      externalIdentities(first: 100, after: $after, userName: $userName) {
        nodes { samlIdentity { nameId } scimIdentity { username } user { databaseId login } }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}`;

/** The identities that a login is linked to, and the teams it is in. */
export const accessQuery = `query Access($org: String!, $login: String!, $after: String) {
  organization(login: $org) {
    samlIdentityProvider {
      externalIdentities(first: 100, login: $login) {
        nodes { samlIdentity { nameId } scimIdentity { username } }
      }
    }
    teams(first: 100, after: $after, userLogins: [$login]) {
      nodes { slug }
      pageInfo { hasNextPage endCursor }
    }
  }
}`;
