import type { KafkaEndpoint } from '../tracing/attributes.js';
import type { DeliveryAttempts } from '../tracing/processing/delivery-attempts.js';
import type { DriverTracing } from './driver-tracing.js';

/**
 * What belongs to one consumer.
 *
 * @internal
 */
export interface ConsumerTracing extends DriverTracing {
  readonly group: KafkaEndpoint;
  readonly attempts: DeliveryAttempts;
}
