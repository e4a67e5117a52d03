import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { freshLibrary } from '../support/fresh-library.js';
import { type MessagingOutcome, messagingOutcome, useMessagingTopics } from '../support/messaging.js';
import { useTracing } from '../support/tracing.js';
import { useCoordinators } from '../support/transactions.js';

const API = '@opentelemetry/api';

/** Another copy, beside the one with which the SDK and the application are registered. */
const OTHERS = [
  {
    version: '1.9.0',
    sees: 'an older one, which sees the SDK',
    load: () => import('opentelemetry-api-1.9.0'),
    isTraced: true,
  },
  {
    version: '1.10.0',
    sees: 'a newer one, which takes the SDK for too old',
    load: () => import('opentelemetry-api-1.10'),
    isTraced: false,
  },
];

describe('messages are delivered and handled exactly as without the module', () => {
  const spans = useTracing();
  useCoordinators();
  const freshTopics = useMessagingTopics(OTHERS.length + 1);
  let without: MessagingOutcome;

  beforeAll(async () => {
    without = await messagingOutcome(freshTopics());
  });
  afterEach(() => vi.doUnmock(API));

  it.each(OTHERS)(
    'with two versions of the api package: the module has $version, $sees',
    async ({ load, isTraced }) => {
      vi.doMock(API, load);
      const library = await freshLibrary();

      expect(await messagingOutcome(freshTopics(), { library })).toEqual(without);

      expect(spans.finished.length > 0).toBe(isTraced);
    },
  );
});
