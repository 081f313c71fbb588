import { readFileSync } from 'node:fs';
import { Router } from 'express';
import { get } from '../http/app.ts';

/** Temporal's Web UI, for links to workflows. */
export interface TemporalUi {
  /** `http://127.0.0.1:8233` */
  url: string;
  namespace: string;
}

/** Nothing but our own files runs or is loaded; nobody frames the page, and no form of it goes anywhere. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Beside `browser.js`: one for each list, and what they have in common. */
const scripts = [
  ...['exceptions.js', 'approvals.js', 'holds.js', 'hires.js', 'targets.js'],
  ...['form.js', 'elements.js', 'ask.js'],
];

/** `/`: one small page over the API. The token is typed by the user and stays in their tab. */
export function pageRouter(temporalUi?: TemporalUi): Router {
  const router = Router({ caseSensitive: true, strict: true });
  const files = [
    ['/', 'text/html', file('page.html').replace('{{workflows}}', escaped(workflowsAt(temporalUi)))],
    ['/page.js', 'text/javascript', file('browser.js')],
    ...scripts.map((name) => [`/${name}`, 'text/javascript', file(name)] as const),
    ['/page.css', 'text/css', file('page.css')],
  ] as const;
  for (const [path, mediaType, text] of files) {
    get(router, path, (_request, response) => {
      response.set({
        'content-type': `${mediaType}; charset=utf-8`,
        'content-security-policy': policy,
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
      });
      response.send(Buffer.from(text));
    });
  }
  return router;
}

const file = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');

/** The address that a workflow's id is added to; empty where no Web UI is known. */
function workflowsAt(temporalUi: TemporalUi | undefined): string {
  if (temporalUi === undefined) return '';
  return `${temporalUi.url.replace(/\/$/, '')}/namespaces/${encodeURIComponent(temporalUi.namespace)}/workflows`;
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
