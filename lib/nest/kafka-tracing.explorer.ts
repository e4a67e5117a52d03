import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { ClientKafka, ServerKafka } from '@nestjs/microservices';
import type { KafkaTracingModuleOptions } from '../kafka-tracing.options.js';
import { attempt } from '../tracing/fail-open.js';
import { forEachInstance } from './container.js';
import { diagnose } from './diagnosis/diagnosis.js';
import { type DiagnosisReport, reportOf } from './diagnosis/diagnosis-report.js';
import { interceptHandlers, releaseHandlers } from './handlers/handler-registry.js';
import { afterAllHooks } from './last-hook.js';
import { enter, leave, own } from './live-applications.js';
import { observeRequestFailures } from './requests/request-failures.js';
import { wrapOverriddenCreateClient } from './seam.js';
import { type Shutdown, shutdownOf } from './shutdown.js';
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
 * once all providers exist. The seam reaches them all without this; this says whose they are. It also says so in the log, and
 * sees the application off.
 *
 * @internal
 */
@Injectable()
export class KafkaTracingExplorer implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  readonly #modules: ModulesContainer;
  readonly #application: TracedApplication;
  readonly #report: DiagnosisReport;
  readonly #shutdown: Shutdown;
  readonly #isCalledLast: boolean;

  constructor(modules: ModulesContainer, @Inject(TRACED_APPLICATION) application: TracedApplication) {
    this.#modules = modules;
    this.#application = application;
    this.#report = reportOf(application, () => diagnose(application, modules));
    this.#shutdown = shutdownOf(application);
    this.#isCalledLast = isDone('be called last', () => afterAllHooks(modules, () => this.#end()));
    modules.getRpcTargetRegistry().subscribe((server) => {
      attempt('look for servers', () => this.#adopt(server));
      this.#report.connected();
    });
    this.#adoptClients();
    orForget(application, () => interceptHandlers(modules, application));
  }

  onModuleInit(): void {
    this.#adoptClients();
  }

  onApplicationBootstrap(): void {
    this.#report.started();
  }

  /** Where other hooks come after this one, what they send is traced, too. */
  async onApplicationShutdown(): Promise<void> {
    await (this.#isCalledLast ? this.#shutdown.settle() : this.#end());
  }

  async #end(): Promise<void> {
    await this.#shutdown.settle();
    forget(this.#application);
  }

  #adoptClients(): void {
    forEachInstance(this.#modules, 'look for clients', (candidate) => this.#adopt(candidate));
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

function isDone(purpose: string, work: () => void): boolean {
  return (
    attempt(purpose, () => {
      work();
      return true;
    }) === true
  );
}
