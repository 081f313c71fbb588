// The image's HEALTHCHECK: asks `/readyz` of the role that runs in this container. Ends with 0 when it is ready, 1 when not.
// The role is the first argument, or else what the container's first process was called with.
import { readFileSync } from 'node:fs';

const { MUSTER_PORT = '8080', MUSTER_OPERATOR_PORT = '8081', MUSTER_METRICS_PORT = '9464' } = process.env;
const ports = {
  receiver: MUSTER_PORT,
  operator: MUSTER_OPERATOR_PORT,
  worker: MUSTER_METRICS_PORT,
  watch: MUSTER_METRICS_PORT,
};

const words = process.argv.length > 2 ? process.argv.slice(2) : readFileSync('/proc/1/cmdline', 'utf8').split('\0');
const role = words.find((word) => Object.hasOwn(ports, word));
try {
  if (role === undefined) throw new Error(`no role to ask; it takes ${Object.keys(ports).join(', ')}`);
  const answer = await fetch(`http://127.0.0.1:${ports[role]}/readyz`, { signal: AbortSignal.timeout(4_000) });
  console.log(await answer.text());
  process.exitCode = answer.ok ? 0 : 1;
} catch (error) {
  console.log(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
