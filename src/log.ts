import { type DestinationStream, type Logger, pino } from 'pino';
import { Failure } from './model/failure.ts';

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** Muster's log: one JSON object a line, times in ISO form, on standard error unless told otherwise. MUSTER_LOG_LEVEL sets how much. */
export function makeLog(env: NodeJS.ProcessEnv, usual = 'info', destination?: DestinationStream): Logger {
  const level = env['MUSTER_LOG_LEVEL'] || usual;
  if (!levels.includes(level)) {
    throw new Failure('misconfigured', `MUSTER_LOG_LEVEL is "${level}"; it takes ${levels.join(', ')}`);
  }
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return pino(options, destination ?? pino.destination({ dest: 2, sync: true }));
}

/** The same into a file, for commands whose standard error a person reads. */
export function makeFileLog(env: NodeJS.ProcessEnv, path: string, usual = 'info'): Logger {
  return makeLog(env, usual, pino.destination({ dest: path, sync: true, mkdir: true }));
}
