import type { LagPoint } from '../model/lag-store.js';
import { attributesOf } from './attributes.js';
import { double, integer, message, type Message, messages, text } from './fields.js';

const LAG = 'nestjs.kafka.consumer.lag';
/** Kafka's topics have 249 at most. What names itself longer is not kept, since every series would keep it. */
const MAX_NAME = 1000;

/** The lag of consumers in an ExportMetricsServiceRequest, whichever encoding it was read from. */
export function lagOfRequest(request: Message): readonly LagPoint[] {
  return messages(request['resourceMetrics'], 'resourceMetrics')
    .flatMap((ofResource) => messages(ofResource['scopeMetrics'], 'scopeMetrics'))
    .flatMap((ofScope) => messages(ofScope['metrics'], 'metrics'))
    .filter((metric) => text(metric['name'], 'metric.name') === LAG)
    .flatMap((metric) => messages(message(metric['gauge'], 'gauge')['dataPoints'], 'dataPoints'))
    .map(pointOf)
    .filter((point) => point !== undefined);
}

/** Undefined where a point has no value: OTLP has a flag for that, and leaves the value out. */
function pointOf(point: Message): LagPoint | undefined {
  const attributes = attributesOf(point['attributes']);
  const named = (name: string): string => {
    const value = attributes[name];
    return typeof value === 'string' ? value : '';
  };
  const group = named('messaging.consumer.group.name');
  const topic = named('messaging.destination.name') || named('messaging.destination.template');
  const partition = named('messaging.destination.partition.id');
  const timeUnixNano = integer(point['timeUnixNano'], 'timeUnixNano');
  const value = valueOf(point);
  if (!Number.isFinite(value) || group.length + topic.length + partition.length > MAX_NAME) return undefined;
  return { group, topic, partition, timeUnixNano, messages: value };
}

function valueOf({ asInt, asDouble }: Message): number {
  if (asDouble !== undefined && asDouble !== null) return double(asDouble, 'asDouble');
  return asInt === undefined || asInt === null ? NaN : Number(integer(asInt, 'asInt'));
}
