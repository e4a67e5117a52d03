import type { OrderTopics } from './order-application.js';
import { usePreparedTopics } from './prepared-topics.js';

/** Topics for so many runs of the application of orders; others at each call. */
export function useOrderTopics(runs: number): () => OrderTopics {
  const freshTopic = usePreparedTopics(2 * runs);
  const freshRequestTopic = usePreparedTopics(runs, { reply: true });
  return () => ({ orders: freshTopic(), deadLetters: freshTopic(), requests: freshRequestTopic() });
}
