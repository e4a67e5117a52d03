import { ClientKafka, type KafkaOptions } from '@nestjs/microservices';
import type { KafkaTracingModuleOptions } from '../../kafka-tracing.options.js';
import { installSeam, traceClient } from '../seam.js';

/**
 * A `ClientKafka` that is traced, also without the module.
 *
 * With {@link KafkaTracingModule} imported every `ClientKafka` is traced, so that this class is needed only where there is no
 * module, or where one client is to have options of its own.
 *
 * It may also be the `customClass` of a `ClientsModule`. Nest's type for that takes no class whose status is narrower than a
 * string, its own `ClientKafka` included, so that it wants a cast: `customClass: TracedClientKafka as never`.
 *
 * @example const client = new TracedClientKafka({ client: { brokers } }, { correlationId: 'correlation_id' });
 * @see https://docs.nestjs.com/microservices/kafka
 * @publicApi
 */
export class TracedClientKafka extends ClientKafka {
  /**
   * @param clientOptions what `ClientKafka` takes
   * @param tracingOptions the options of this client alone; left out, those of the newest live module hold, else the defaults
   * @throws {InvalidOptionError} for a bad option
   */
  constructor(clientOptions: Required<KafkaOptions>['options'], tracingOptions?: KafkaTracingModuleOptions) {
    super(clientOptions);
    installSeam();
    traceClient(this, tracingOptions);
  }
}
