import { describe, expect, it } from 'vitest';
import { TracedApplication } from '../../lib/nest/traced-application.js';
import { useTracing } from '../support/tracing.js';

describe('TracedApplication', () => {
  useTracing();

  it('counts the spans that began before its options were known, too', () => {
    const application = new TracedApplication();
    const early = application.tracer()?.startSend({}, 'orders', {});
    application.configure({ semconv: 'latest' });
    const late = application.tracer()?.startSend({}, 'orders', {});
    expect(application.openSpans.count).toBe(2);
    early?.succeeded([]);
    late?.succeeded([]);
    expect(application.openSpans.count).toBe(0);
  });
});
