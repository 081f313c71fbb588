// The way to the API. The token is kept in sessionStorage: it is gone with the tab.
export const token = {
  get: () => sessionStorage.getItem('token'),
  keep: (text) => sessionStorage.setItem('token', text),
  forget: () => sessionStorage.removeItem('token'),
};

/** Asks, or with a body posts it. What the API refuses is thrown in its own words; a token it does not know is `unknown`. */
export async function ask(path, body) {
  const headers = { authorization: `Bearer ${token.get()}` };
  const post = {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
  const answer = await fetch(path, body === undefined ? { headers } : post);
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return said;
  const faults = (said.errors || []).map((fault) => `${fault.path} ${fault.problem}`).join('; ');
  const words = faults || said.detail || said.title || `status ${answer.status}`;
  throw answer.status === 401
    ? Object.assign(new Error('That token is not known.'), { unknown: true })
    : new Error(words);
}
