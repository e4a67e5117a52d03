import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { KafkaTracingModuleOptions } from './kafka-tracing.options.js';

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<KafkaTracingModuleOptions>({
    optionsInjectionToken: 'nestjs-kafka-tracing.options',
  })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createKafkaTracingOptions')
    .build();
