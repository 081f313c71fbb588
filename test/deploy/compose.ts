import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';

const service = z.object({
  image: z.string(),
  build: z.string().optional(),
  command: z.array(z.string()).default([]),
  user: z.string(),
  restart: z.string(),
  read_only: z.boolean().default(false),
  privileged: z.boolean().default(false),
  cap_add: z.array(z.string()).default([]),
  cap_drop: z.array(z.string()).default([]),
  security_opt: z.array(z.string()).default([]),
  profiles: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  secrets: z.array(z.string()).default([]),
  networks: z.array(z.string()),
  environment: z.record(z.string(), z.string()).default({}),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  healthcheck: z.object({ test: z.array(z.string()).min(2) }).optional(),
});
export type Service = z.infer<typeof service>;

const compose = z.object({
  services: z.record(z.string(), service),
  networks: z.record(z.string(), z.object({ internal: z.boolean().default(false) })),
  secrets: z.record(z.string(), z.object({ file: z.string() })),
});

/** docker-compose.yml with its anchors merged in, as Compose reads it. */
export function readCompose(): z.infer<typeof compose> {
  return compose.parse(parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true }));
}

/** Services that end by themselves, and those that are there to stay. */
export function byLife(services: Record<string, Service>): {
  once: [string, Service][];
  running: [string, Service][];
} {
  const all = Object.entries(services);
  return {
    once: all.filter(([, { restart }]) => restart === 'no'),
    running: all.filter(([, { restart }]) => restart !== 'no'),
  };
}
