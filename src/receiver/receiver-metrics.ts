import { Counter, Histogram, type Registry } from 'prom-client';

/** What the receiver counts; no label holds anything but a source's name, an event's type or a status. */
export interface ReceiverMetrics {
  accepted: Counter<'source' | 'type'>;
  duplicates: Counter<'source'>;
  refused: Counter<'source' | 'status'>;
  seconds: Histogram<'source' | 'status'>;
}

/** Registers the receiver's metrics. */
export function receiverMetrics(registry: Registry): ReceiverMetrics {
  const registers = [registry];
  return {
    accepted: new Counter({
      name: 'muster_events_accepted_total',
      help: 'Events that Temporal has taken',
      labelNames: ['source', 'type'],
      registers,
    }),
    duplicates: new Counter({
      name: 'muster_events_duplicate_total',
      help: 'Events that had been taken before',
      labelNames: ['source'],
      registers,
    }),
    refused: new Counter({
      name: 'muster_requests_refused_total',
      help: 'Requests that were not taken, by the status of the answer',
      labelNames: ['source', 'status'],
      registers,
    }),
    seconds: new Histogram({
      name: 'muster_request_duration_seconds',
      help: 'Time from a request to its answer',
      labelNames: ['source', 'status'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
  };
}
