import type { DynamicModule } from '@nestjs/common';
import { describe, expect, it } from 'tstyche';
import { KafkaTracingModule } from 'nestjs-kafka-tracing';

describe('KafkaTracingModule.forRoot', () => {
  it('takes no options, or those that there are', () => {
    expect(KafkaTracingModule.forRoot()).type.toBe<DynamicModule>();
    expect(KafkaTracingModule.forRoot).type.toBeCallableWith({
      enabled: true,
      relation: 'link',
      trust: 'restart',
      topics: [{ match: /^reply\./, template: 'reply.*', trace: false }],
      baggage: { allow: ['tenant'], maxBytes: 1024 },
    });
  });

  it('takes no other one, and no other value', () => {
    expect(KafkaTracingModule.forRoot).type.not.toBeCallableWith({ relations: 'link' });
    expect(KafkaTracingModule.forRoot).type.not.toBeCallableWith({ relation: 'links' });
    expect(KafkaTracingModule.forRoot).type.not.toBeCallableWith({ enabled: 'true' });
    expect(KafkaTracingModule.forRoot).type.not.toBeCallableWith({ topics: [{ trace: false }] });
  });
});

describe('KafkaTracingModule.forRootAsync', () => {
  it('takes a factory of options', () => {
    expect(
      KafkaTracingModule.forRootAsync({ useFactory: () => ({ enabled: false }) }),
    ).type.toBe<DynamicModule>();
    expect(KafkaTracingModule.forRootAsync).type.not.toBeCallableWith({ useFactory: () => 'disabled' });
  });
});
