import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { ClientKafka, ServerKafka } from '@nestjs/microservices';
import type { KafkaTracingModuleOptions } from '../kafka-tracing.options.js';
import { attempt } from '../tracing/fail-open.js';
import { interceptHandlers, releaseHandlers } from './handler-registry.js';
import { enter, leave, own } from './live-applications.js';
import { observeRequestFailures } from './request-failures.js';
import { wrapOverriddenCreateClient } from './seam.js';
import { TracedApplication } from './traced-application.js';

/** @internal */
export const TRACED_APPLICATION = 'nestjs-kafka-tracing.application';

const applications = new WeakMap<ModulesContainer, TracedApplication>();

/**
 * The tracing of a Nest application: one, however often the module is imported.
 *
 * @internal
 */
export function tracedApplicationOf(modules: ModulesContainer): TracedApplication {
  let application = applications.get(modules);
  if (application === undefined) {
    application = new TracedApplication();
    applications.set(modules, application);
    enter(application);
  }
  return application;
}

/**
 * Gives an application its options.
 *
 * @internal
 */
export function configure(
  application: TracedApplication,
  options: KafkaTracingModuleOptions | undefined,
): void {
  orForget(application, () => application.configure(options));
}

/** An application that is refused here never starts, and so is never closed. */
function orForget(application: TracedApplication, start: () => void): void {
  try {
    start();
  } catch (error) {
    forget(application);
    throw error;
  }
}

function forget(application: TracedApplication): void {
  releaseHandlers(application);
  leave(application);
}

/**
 * Finds what belongs to its application: its servers as they are made, its handlers before they are registered, its clients
 * once all providers exist. The seam reaches them all without this; this says whose they are.
 *
 * @internal
 */
@Injectable()
export class KafkaTracingExplorer implements OnModuleInit, OnApplicationShutdown {
  readonly #modules: ModulesContainer;
  readonly #application: TracedApplication;

  constructor(modules: ModulesContainer, @Inject(TRACED_APPLICATION) application: TracedApplication) {
    this.#modules = modules;
    this.#application = application;
    modules.getRpcTargetRegistry().subscribe((server) => {
      attempt('look for servers', () => this.#adopt(server));
    });
    this.#adoptClients();
    orForget(application, () => interceptHandlers(modules, application));
  }

  onModuleInit(): void {
    this.#adoptClients();
  }

  onApplicationShutdown(): void {
    forget(this.#application);
  }

  /** Clients that are providers, and those in a field of a provider or controller: `@Client()`, `new`. */
  #adoptClients(): void {
    for (const { providers, controllers } of this.#modules.values()) {
      for (const { instance } of [...providers.values(), ...controllers.values()]) {
        // A provider may be anything, a Proxy that throws included.
        attempt('look for clients', () => {
          this.#adopt(instance);
          fieldsOf(instance).forEach((field) => this.#adopt(field));
        });
      }
    }
  }

  #adopt(candidate: unknown): void {
    if (!(candidate instanceof ServerKafka || candidate instanceof ClientKafka)) {
      return;
    }
    own(candidate, this.#application);
    wrapOverriddenCreateClient(candidate);
    if (candidate instanceof ServerKafka) {
      observeRequestFailures(candidate);
    }
  }
}

/** The values of own fields; a getter is not called. */
function fieldsOf(instance: unknown): readonly unknown[] {
  if (typeof instance !== 'object' || instance === null) {
    return [];
  }
  return Object.values(Object.getOwnPropertyDescriptors(instance)).map(({ value }) => value as unknown);
}
