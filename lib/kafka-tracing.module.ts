import {
  type ConfigurableModuleAsyncOptions,
  type DynamicModule,
  Global,
  Inject,
  Module,
  Optional,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { InvalidOptionError } from './errors/index.js';
import { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } from './kafka-tracing.module-definition.js';
import type { KafkaTracingModuleOptions } from './kafka-tracing.options.js';
import {
  KafkaTracingExplorer,
  TRACED_APPLICATION,
  configure,
  tracedApplicationOf,
} from './nest/kafka-tracing.explorer.js';
import { ApplicationKafkaTracing, KafkaTracing } from './nest/kafka-tracing.service.js';
import { installSeam } from './nest/seam.js';
import type { TracedApplication } from './nest/traced-application.js';

/**
 * Makes the options of {@link KafkaTracingModule.forRootAsync}'s `useClass` and `useExisting`.
 *
 * @publicApi
 */
export interface KafkaTracingOptionsFactory {
  createKafkaTracingOptions(): KafkaTracingModuleOptions | Promise<KafkaTracingModuleOptions>;
}

/**
 * What {@link KafkaTracingModule.forRootAsync} takes: `useFactory` (with `inject`), `useClass` or `useExisting`.
 *
 * @publicApi
 */
export type KafkaTracingModuleAsyncOptions = ConfigurableModuleAsyncOptions<
  KafkaTracingModuleOptions,
  'createKafkaTracingOptions'
>;

/**
 * Traces every message that the application sends and handles through Kafka. Import it once, in the root module; it is
 * global.
 *
 * The tracer provider, the propagator and the exporter are the application's own: register an OpenTelemetry SDK before the
 * application is created.
 *
 * @see https://docs.nestjs.com/microservices/kafka
 * @publicApi
 */
@Global()
@Module({
  providers: [
    { provide: TRACED_APPLICATION, useFactory: tracedApplicationOf, inject: [ModulesContainer] },
    {
      provide: KafkaTracing,
      useFactory: (application: TracedApplication, modules: ModulesContainer) =>
        new ApplicationKafkaTracing(application, modules),
      inject: [TRACED_APPLICATION, ModulesContainer],
    },
    KafkaTracingExplorer,
  ],
  exports: [KafkaTracing],
})
export class KafkaTracingModule extends ConfigurableModuleClass {
  constructor(
    @Inject(TRACED_APPLICATION) application: object,
    @Optional() @Inject(MODULE_OPTIONS_TOKEN) options?: KafkaTracingModuleOptions,
  ) {
    super();
    installSeam();
    configure(application as TracedApplication, options);
  }

  /**
   * Traces with these options; with none it just works.
   *
   * @param options see {@link KafkaTracingModuleOptions}
   * @returns the module, to import. When the application starts it throws {@link InvalidOptionError} for a bad option, and
   *   {@link ConflictingOptionsError} where it is imported again with different ones
   * @example imports: [KafkaTracingModule.forRoot()]
   */
  static override forRoot(options: KafkaTracingModuleOptions = {}): DynamicModule {
    installSeam();
    return super.forRoot(options);
  }

  /**
   * Traces with options that are known only when the application starts. What is sent before is traced with the defaults.
   *
   * @param options see {@link KafkaTracingModuleAsyncOptions}
   * @returns the module, to import; it refuses what {@link KafkaTracingModule.forRoot} refuses
   * @throws {InvalidOptionError} where none of the three is there
   * @example KafkaTracingModule.forRootAsync({ inject: [Config], useFactory: (config: Config) => config.tracing })
   */
  static override forRootAsync(options: KafkaTracingModuleAsyncOptions): DynamicModule {
    installSeam();
    requireWay(options);
    return super.forRootAsync(options);
  }
}

function requireWay(options: KafkaTracingModuleAsyncOptions | undefined): void {
  if (!options?.useFactory && !options?.useClass && !options?.useExisting) {
    const cure = 'Pass { useFactory: () => ({ … }) }, or use forRoot.';
    const expected = 'to have `useFactory`, `useClass` or `useExisting`';
    throw new InvalidOptionError('options of forRootAsync', expected, options, cure);
  }
}
