import type { Attributes, SpanKind } from '@opentelemetry/api';
import { type Sampler, SamplingDecision } from '@opentelemetry/sdk-trace-base';

/** What a sampler is asked about one span. */
export interface Asked {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
  readonly links: number;
}

/** Samples everything, and keeps what it was asked. */
export class RecordingSampler implements Sampler {
  readonly asked: Asked[] = [];

  shouldSample(...[, , name, kind, attributes, links]: Parameters<Sampler['shouldSample']>) {
    this.asked.push({ name, kind, attributes: { ...attributes }, links: links.length });
    return { decision: SamplingDecision.RECORD_AND_SAMPLED };
  }
}
