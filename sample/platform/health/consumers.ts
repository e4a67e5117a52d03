import { Injectable } from '@nestjs/common';
import type { Consumer } from 'kafkajs';
import { reasonOf } from '../lifecycle/error-reason.js';

/**
 * Knows which consumers of this process are dead. kafkajs starts a consumer anew after most errors, and gives it up for good
 * after the others; Nest tells nobody, and the process lives on without it.
 */
@Injectable()
export class Consumers {
  private readonly deaths = new Map<string, string | undefined>();

  /** Looks after a consumer from now on. */
  watch(name: string, consumer: Pick<Consumer, 'events' | 'on'>): void {
    const { CRASH, DISCONNECT, GROUP_JOIN } = consumer.events;
    this.deaths.set(name, undefined);
    consumer.on(GROUP_JOIN, () => this.deaths.set(name, undefined));
    consumer.on(DISCONNECT, () => this.deaths.set(name, 'it was disconnected'));
    // Comes after the disconnection that it causes.
    consumer.on(CRASH, ({ payload: { error, restart } }) => {
      this.deaths.set(name, restart ? undefined : `it crashed: ${reasonOf(error)}`);
    });
  }

  /** Why each consumer that does not come back is dead; undefined for one that lives, or that is about to start anew. */
  states(): ReadonlyMap<string, string | undefined> {
    return this.deaths;
  }
}
