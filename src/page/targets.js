// How each target is.
import { element, fillAnew, find, moment, workflowsLink } from './elements.js';

export function showTargets(items) {
  fillAnew(
    find('targets'),
    ['target', 'mode', 'answers', 'last good', 'in its queue', 'oldest', 'who waits'],
    items,
    (target) => [
      workflowsLink(`MusterTargets = "${target.name}"`, target.name),
      target.mode,
      healthOf(target),
      moment(target.lastGoodAt),
      target.queue && String(target.queue.backlog),
      target.queue && `${target.queue.oldestSeconds} s`,
      `${target.waiting.join(', ')}${target.more ? ', …' : ''}`,
    ],
  );
}

function healthOf({ health, failures, message, restUntil }) {
  const cell = element('span', health === 'unknown' ? 'nobody asked yet' : health);
  if (health === 'failing' || health === 'resting') {
    cell.className = 'overdue';
    const rest = restUntil ? `, rests until ${new Date(restUntil).toLocaleTimeString()}` : '';
    cell.append(` (${failures} in a row${rest}: ${message || ''})`);
  }
  return cell;
}
