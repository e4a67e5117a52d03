import { ModulesContainer } from '@nestjs/core';
import { trace } from '@opentelemetry/api';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { describe, expect, it, vi } from 'vitest';
import { KafkaTracingModule } from 'nestjs-kafka-tracing';
import { afterAllHooks } from '../../lib/nest/last-hook.js';
import { newestApplication } from '../../lib/nest/live-applications.js';
import { recordReports } from '../support/diag-reports.js';
import { startContext } from '../support/nest-app.js';
import { useTracing } from '../support/tracing.js';

vi.mock(import('../../lib/nest/last-hook.js'), async (original) => {
  const actual = await original();
  return { afterAllHooks: vi.fn(actual.afterAllHooks) };
});

describe('the last hook of an application', () => {
  useTracing({ tracerProvider: false });

  it('is refused where the first module is none of Nest', () => {
    expect(() => afterAllHooks(new ModulesContainer(), async () => {})).toThrow(TypeError);
  });

  it('is not needed: without it the application is forgotten after our own', async () => {
    const reports = recordReports();
    vi.mocked(afterAllHooks).mockImplementationOnce(() => {
      throw new TypeError('There is no place for it.');
    });
    const provider = new BasicTracerProvider();
    const forceFlush = vi.spyOn(provider, 'forceFlush');
    trace.setGlobalTracerProvider(provider);
    const app = await startContext({ imports: [KafkaTracingModule.forRoot()] });
    expect(newestApplication()).toBeDefined();

    await app.close();

    expect(forceFlush).toHaveBeenCalledOnce();
    expect(newestApplication()).toBeUndefined();
    expect(reports).toEqual([expect.stringContaining('failed to be called last')]);
  });
});
