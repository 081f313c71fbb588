import { readFileSync } from 'node:fs';
import type { Client } from '@temporalio/client';

/** CPU seconds so far of this process and of the Temporal server beside it. */
export function cpuSeconds(serverPid: number): number {
  const own = process.cpuUsage();
  return (own.user + own.system) / 1e6 + serverCpuSeconds(serverPid);
}

/** Linux only: fields 14 and 15 of /proc/PID/stat, in ticks of 10 ms (proc(5)). */
function serverCpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** The value below which `share` of the sorted values lie. */
export function percentile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** History events and bytes of these workflows together. */
export async function historySize(
  client: Client,
  workflowIds: string[],
): Promise<{ events: number; bytes: number; types: Record<string, number> }> {
  let events = 0;
  let bytes = 0;
  const types: Record<string, number> = {};
  for (const id of workflowIds) {
    const handle = client.workflow.getHandle(id);
    const description = await handle.describe();
    events += description.historyLength;
    bytes += Number(description.historySize ?? 0);
    for (const event of (await handle.fetchHistory()).events ?? []) {
      const type = event.eventType?.toString() ?? 'unknown';
      types[type] = (types[type] ?? 0) + 1;
    }
  }
  return { events, bytes, types };
}
