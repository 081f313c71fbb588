import express from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Listening, listen } from '../../src/http/listen.ts';
import { pageRouter } from '../../src/page/page.ts';

const lists = ['/exceptions.js', '/approvals.js', '/holds.js', '/hires.js', '/targets.js'];
const scripts = ['/page.js', ...lists, '/form.js', '/elements.js', '/ask.js'];

let plain: Listening;
let linked: Listening;
beforeAll(async () => {
  plain = await listen(express().use(pageRouter()), { port: 0 });
  linked = await listen(express().use(pageRouter({ url: 'http://127.0.0.1:8233/', namespace: 'a"b' })), { port: 0 });
});
afterAll(async () => {
  await plain.close(0);
  await linked.close(0);
});

const scriptText = async () => (await Promise.all(scripts.map((path) => text(path)))).join('\n');
const text = async (path: string, where = plain) => (await fetch(where.url + path)).text();

describe('the page', () => {
  it.each([
    ['/', 'text/html; charset=utf-8'],
    ...scripts.map((path) => [path, 'text/javascript; charset=utf-8']),
    ['/page.css', 'text/css; charset=utf-8'],
  ])('serves %s so that nothing foreign can run in it', async (path, type) => {
    const { headers } = await fetch(plain.url + path);
    expect(headers.get('content-type')).toBe(type);
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
  });

  it('has no script or style in its HTML, which the policy would stop', async () => {
    const html = await text('/');
    expect(html).not.toMatch(/<script(?![^>]*src=)|<style|style=|\son\w+=/);
    expect([...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, link]) => link)).toEqual([
      'data:,',
      '/page.css',
      '/page.js',
    ]);
  });

  it('puts what it shows in as text, and keeps the token with the tab', async () => {
    const script = await scriptText();
    expect(script).not.toMatch(/innerHTML|outerHTML|insertAdjacent|document\.write|localStorage|eval/);
    expect(script).toContain('sessionStorage');
  });

  it('looks for no element that it does not have', async () => {
    const [html, script] = await Promise.all([text('/'), scriptText()]);
    const wanted = [...script.matchAll(/find\('([\w-]+)'\)/g)].map(([, id]) => id);
    const there = [...html.matchAll(/id="([\w-]+)"/g)].map(([, id]) => id);
    expect(wanted.length).toBeGreaterThan(5);
    expect(there).toEqual(expect.arrayContaining(wanted));
  });

  it('has no script that is not served, and serves none that is not used', async () => {
    const [html, script] = await Promise.all([text('/'), scriptText()]);
    const loaded = [...html.matchAll(/<script[^>]* src="([^"]*)"/g)].map(([, path]) => path);
    const imported = [...script.matchAll(/ from '\.(\/[\w-]+\.js)'/g)].map(([, path]) => path);
    expect([...new Set([...loaded, ...imported])].sort()).toEqual([...scripts].sort());
  });

  it("links to Temporal's Web UI where it is known", async () => {
    expect(await text('/')).toContain('data-workflows=""');
    expect(await text('/', linked)).toContain('data-workflows="http://127.0.0.1:8233/namespaces/a%22b/workflows"');
  });
});
