#!/usr/bin/env node
import { existsSync } from 'node:fs';

// Node 20 is our floor and the SDK's pinned version runs on it: its notice about versions to come is for us, not for users.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

const entry = new URL('../dist/src/main.js', import.meta.url);
if (existsSync(entry)) {
  await import(entry.href);
} else {
  console.error('muster: this checkout is not built yet. Run `npm ci && npm run build` first.');
  process.exitCode = 3;
}
