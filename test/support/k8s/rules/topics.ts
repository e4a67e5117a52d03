import {
  INVENTORY_CHECK,
  INVENTORY_CHECK_DEAD_LETTERS,
  INVENTORY_CHECK_REPLIES,
} from '../../../../sample/contracts/inventory.js';
import { ORDER_EVENTS, ORDER_EVENTS_DEAD_LETTERS } from '../../../../sample/contracts/order-events.js';
import { environmentOf } from '../environment-of.js';
import { containersOf } from '../manifests.js';
import type { Rule } from './rule.js';

/** That the services use, and the one for those who would rather try again by a topic. */
export const TOPICS: readonly string[] = [
  ORDER_EVENTS,
  `${ORDER_EVENTS}.retry`,
  ORDER_EVENTS_DEAD_LETTERS,
  INVENTORY_CHECK,
  INVENTORY_CHECK_REPLIES,
  INVENTORY_CHECK_DEAD_LETTERS,
];

/** A Job makes every topic that the services use. */
export const topics: Rule = (manifests) => {
  const made = new Set(
    manifests.workloads
      .filter(({ kind }) => kind === 'Job')
      .flatMap((job) => containersOf(job).map((container) => environmentOf(manifests, job, container)))
      .flatMap(({ TOPICS = '' }) => TOPICS.split(' ')),
  );
  return TOPICS.filter((topic) => !made.has(topic)).map((topic) => `No Job makes the topic ${topic}`);
};
