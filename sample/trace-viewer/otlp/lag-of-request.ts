import type { LagPoint } from '../model/lag-store.js';
import { attributesOf } from './attributes.js';
import { integer, message, type Message, messages, text } from './fields.js';

const LAG = 'nestjs.kafka.consumer.lag';

/** The lag of consumers in an ExportMetricsServiceRequest, whichever encoding it was read from. */
export function lagOfRequest(request: Message): readonly LagPoint[] {
  return messages(request['resourceMetrics'], 'resourceMetrics')
    .flatMap((ofResource) => messages(ofResource['scopeMetrics'], 'scopeMetrics'))
    .flatMap((ofScope) => messages(ofScope['metrics'], 'metrics'))
    .filter((metric) => text(metric['name'], 'metric.name') === LAG)
    .flatMap((metric) => messages(message(metric['gauge'], 'gauge')['dataPoints'], 'dataPoints'))
    .map(pointOf);
}

function pointOf(point: Message): LagPoint {
  const attributes = attributesOf(point['attributes']);
  const named = (name: string): string => {
    const value = attributes[name];
    return typeof value === 'string' ? value : '';
  };
  return {
    group: named('messaging.consumer.group.name'),
    topic: named('messaging.destination.name') || named('messaging.destination.template'),
    partition: named('messaging.destination.partition.id'),
    timeUnixNano: integer(point['timeUnixNano'], 'timeUnixNano'),
    messages: Number(point['asDouble'] ?? integer(point['asInt'], 'asInt')),
  };
}
