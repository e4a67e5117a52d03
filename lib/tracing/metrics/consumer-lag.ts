import type { Attributes, ObservableGauge, ObservableResult } from '@opentelemetry/api';
import { attempt } from '../fail-open.js';
import {
  MESSAGING_CONSUMER_GROUP_NAME,
  MESSAGING_DESTINATION_NAME,
  MESSAGING_DESTINATION_PARTITION_ID,
  MESSAGING_DESTINATION_TEMPLATE,
  MESSAGING_SYSTEM_KAFKA,
  MESSAGING_SYSTEM_NAME,
} from '../semconv.js';

/**
 * A partition as a consumer group reads it.
 *
 * @internal
 */
export interface ReadPartition {
  readonly topic: string;
  readonly partition: number;
  readonly group: string | undefined;
  /** Stands for the topic, where there is one: then the lag is the sum over its topics. */
  readonly template?: string | undefined;
}

/** Stands for a consumer, and does not keep it alive. */
type Owner = symbol;

interface Lag {
  readonly owner: Owner;
  readonly read: ReadPartition;
  readonly lag: number;
}

/**
 * Keeps how far behind each partition is that a consumer of this process reads, until the meter provider asks. A partition
 * and group have one lag, whoever said it last: while a partition goes from one consumer of the process to another, both
 * may. Nothing is kept where no meter provider is registered. No method throws.
 *
 * @internal
 */
export class ConsumerLag {
  readonly #gauge: () => ObservableGauge | undefined;
  readonly #lags = new Map<string, Lag>();
  readonly #lost = new Map<string, ReadPartition>();
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
   * @param owner the consumer; where it is collected as garbage, what it said is dropped
   * @param template stands for the topic, where there is one
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
      if (this.#isObserved() && Number.isFinite(lag)) {
        const read = { topic, partition, group, template };
        this.#lags.set(keyOf(read), { owner: this.#tokenOf(owner), read, lag: Math.max(0, lag) });
      }
    });
  }

  /** It is not known any longer what a consumer reads. */
  drop(owner: object): void {
    const token = this.#owners.get(owner);
    if (token !== undefined) {
      this.#dropAllOf(token);
    }
  }

  /**
   * A partition is read by another process now. Its lag here is 0 once more, and then gone: an SDK with cumulative
   * temporality goes on with the last value that it got (opentelemetry-js 2.12), for as long as the process lives.
   */
  lose(read: ReadPartition): void {
    attempt('keep the lag of a consumer', () => {
      if (this.#isObserved()) {
        this.#lost.set(keyOf(read), read);
      }
    });
  }

  #dropAllOf(owner: Owner): void {
    for (const [key, lag] of this.#lags) {
      if (lag.owner === owner) {
        this.#lags.delete(key);
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

  /** Whether anybody asks for the lag. The callback moves to the meter provider that is registered now. */
  #isObserved(): boolean {
    const gauge = this.#gauge();
    if (gauge !== this.#observed) {
      const former = this.#observed;
      this.#observed = gauge;
      attempt('stop reporting the lag', () => former?.removeCallback(this.#observe));
      gauge?.addCallback(this.#observe);
    }
    if (gauge === undefined) {
      this.#lags.clear();
      this.#lost.clear();
    }
    return gauge !== undefined;
  }

  readonly #observe = (result: ObservableResult): void => {
    const series = new Map<string, { readonly attributes: Attributes; lag: number }>();
    const add = (read: ReadPartition, lag: number): void => {
      const key = seriesOf(read);
      const sum = series.get(key);
      if (sum === undefined) {
        series.set(key, { attributes: attributesOf(read), lag });
      } else {
        sum.lag += lag;
      }
    };
    this.#lags.forEach(({ read, lag }) => add(read, lag));
    this.#lost.forEach((read) => add(read, 0));
    this.#lost.clear();
    series.forEach(({ attributes, lag }) => result.observe(lag, attributes));
  };
}

function keyOf({ topic, partition, group }: ReadPartition): string {
  return JSON.stringify([topic, partition, group]);
}

/** Partitions with the same one cannot be told apart by their attributes. */
function seriesOf({ topic, partition, group, template }: ReadPartition): string {
  return JSON.stringify(
    template === undefined ? [topic, partition, group] : [{ template }, partition, group],
  );
}

function attributesOf({ topic, partition, group, template }: ReadPartition): Attributes {
  const destination =
    template === undefined
      ? { [MESSAGING_DESTINATION_NAME]: topic }
      : { [MESSAGING_DESTINATION_TEMPLATE]: template };
  return {
    [MESSAGING_SYSTEM_NAME]: MESSAGING_SYSTEM_KAFKA,
    ...destination,
    [MESSAGING_DESTINATION_PARTITION_ID]: String(partition),
    ...(group === undefined ? {} : { [MESSAGING_CONSUMER_GROUP_NAME]: group }),
  };
}
