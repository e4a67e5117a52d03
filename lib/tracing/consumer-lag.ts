import type { Attributes, ObservableGauge, ObservableResult } from '@opentelemetry/api';
import { attempt } from './fail-open.js';
import {
  MESSAGING_CONSUMER_GROUP_NAME,
  MESSAGING_DESTINATION_NAME,
  MESSAGING_DESTINATION_PARTITION_ID,
  MESSAGING_DESTINATION_TEMPLATE,
  MESSAGING_SYSTEM_KAFKA,
  MESSAGING_SYSTEM_NAME,
} from './semconv.js';

/** Stands for a consumer, and does not keep it alive. */
type Owner = symbol;

interface Partition {
  readonly owner: Owner;
  /** What is the same for all partitions whose lag is reported as one. */
  readonly series: string;
  readonly attributes: Attributes;
  readonly lag: number;
}

/**
 * Keeps how far behind each partition is that a consumer of this process reads, until the meter provider asks. There is one
 * entry for a partition and group, whoever reported it last: while a partition goes from one consumer of the process to
 * another, both may. Nothing is kept where no meter provider is registered. No method throws.
 *
 * @internal
 */
export class ConsumerLag {
  readonly #gauge: () => ObservableGauge | undefined;
  readonly #partitions = new Map<string, Partition>();
  readonly #owners = new WeakMap<object, Owner>();
  readonly #abandoned = new FinalizationRegistry<Owner>((owner) => this.#dropAllOf(owner));
  #observed: ObservableGauge | undefined;

  /** @param gauge the instrument of the meter provider that is registered now; `undefined` for none */
  constructor(gauge: () => ObservableGauge | undefined) {
    this.#gauge = gauge;
  }

  /**
   * A consumer has so many messages of a partition before it.
   *
   * @param owner the consumer; where it is collected as garbage, what it reported is dropped
   * @param template stands for the topic, where there is one: then the lag is the sum over its topics
   */
  set(
    owner: object,
    topic: string,
    partition: number,
    group: string | undefined,
    lag: number,
    template?: string,
  ): void {
    attempt('keep the lag of a consumer', () => {
      if (!this.#isObserved()) {
        this.#partitions.clear();
      } else if (Number.isFinite(lag)) {
        this.#partitions.set(keyOf('topic', topic, partition, group), {
          owner: this.#tokenOf(owner),
          series:
            template === undefined
              ? keyOf('topic', topic, partition, group)
              : keyOf('template', template, partition, group),
          attributes: attributesOf(topic, partition, group, template),
          lag: Math.max(0, lag),
        });
      }
    });
  }

  /** A consumer reads no partition any longer, as far as is known. */
  drop(owner: object): void {
    const token = this.#owners.get(owner);
    if (token !== undefined) {
      this.#dropAllOf(token);
    }
  }

  #dropAllOf(owner: Owner): void {
    for (const [key, partition] of this.#partitions) {
      if (partition.owner === owner) {
        this.#partitions.delete(key);
      }
    }
  }

  #tokenOf(owner: object): Owner {
    let token = this.#owners.get(owner);
    if (token === undefined) {
      token = Symbol('consumer');
      this.#owners.set(owner, token);
      this.#abandoned.register(owner, token);
    }
    return token;
  }

  /** Whether somebody asks for the lag; the callback moves to the provider that is registered now. */
  #isObserved(): boolean {
    const gauge = this.#gauge();
    if (gauge !== this.#observed) {
      const former = this.#observed;
      this.#observed = gauge;
      attempt('stop reporting the lag', () => former?.removeCallback(this.#observe));
      gauge?.addCallback(this.#observe);
    }
    return gauge !== undefined;
  }

  readonly #observe = (result: ObservableResult): void => {
    const series = new Map<string, { readonly attributes: Attributes; lag: number }>();
    for (const partition of this.#partitions.values()) {
      const sum = series.get(partition.series);
      if (sum === undefined) {
        series.set(partition.series, { attributes: partition.attributes, lag: partition.lag });
      } else {
        sum.lag += partition.lag;
      }
    }
    for (const { attributes, lag } of series.values()) {
      result.observe(lag, attributes);
    }
  };
}

function keyOf(
  kind: 'topic' | 'template',
  name: string,
  partition: number,
  group: string | undefined,
): string {
  return JSON.stringify([kind, name, partition, group]);
}

function attributesOf(
  topic: string,
  partition: number,
  group: string | undefined,
  template: string | undefined,
): Attributes {
  return {
    [MESSAGING_SYSTEM_NAME]: MESSAGING_SYSTEM_KAFKA,
    ...(template === undefined
      ? { [MESSAGING_DESTINATION_NAME]: topic }
      : { [MESSAGING_DESTINATION_TEMPLATE]: template }),
    [MESSAGING_DESTINATION_PARTITION_ID]: String(partition),
    ...(group === undefined ? {} : { [MESSAGING_CONSUMER_GROUP_NAME]: group }),
  };
}
