import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
  Optional,
} from '@nestjs/common';
import { ExternalContextCreator, ModulesContainer } from '@nestjs/core';
import { ClientKafka, ServerKafka } from '@nestjs/microservices';
import type { KafkaTracingModuleOptions } from '../kafka-tracing.options.js';
import { attempt, report } from '../tracing/fail-open.js';
import { attemptUnlessRefused } from '../tracing/refusals.js';
import { forEachInstance } from './container.js';
import { diagnose } from './diagnosis/diagnosis.js';
import { type DiagnosisReport, reportOf } from './diagnosis/diagnosis-report.js';
import { interceptHandlers, releaseHandlers } from './handlers/handler-registry.js';
import { runWithoutStreams } from './interceptors/sole-interceptor.js';
import { afterAllHooks } from './last-hook.js';
import { enter, leave, own } from './live-applications.js';
import { observeRequestFailures } from './requests/request-failures.js';
import { wrapOverriddenCreateClient } from './seam.js';
import { type Shutdown, shutdownOf } from './shutdown.js';
import { TracedApplication } from './traced-application.js';

/** @internal */
export const TRACED_APPLICATION = 'nestjs-kafka-tracing.application';

// What is reported where one of these goes wrong.
const REPORT = 'say what is traced';
const SEE_OFF = 'see an application off';
const LOOK_FOR_CLIENTS = 'look for clients';

const applications = new WeakMap<ModulesContainer, TracedApplication>();

/**
 * The tracing of a Nest application: one, however often the module is imported.
 *
 * @internal
 */
export function tracedApplicationOf(modules: ModulesContainer): TracedApplication {
  let application = applications.get(modules);
  if (application === undefined) {
    const made = new TracedApplication();
    applications.set(modules, made);
    attempt('know an application', () => enter(made));
    application = made;
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
    attemptUnlessRefused('trace an application', start);
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
  readonly #report: DiagnosisReport | undefined;
  readonly #shutdown: Shutdown | undefined;
  readonly #isCalledLast: boolean;

  constructor(
    modules: ModulesContainer,
    @Inject(TRACED_APPLICATION) application: TracedApplication,
    @Optional() creator?: ExternalContextCreator,
  ) {
    this.#modules = modules;
    this.#application = application;
    this.#report = attempt(REPORT, () => reportOf(application, () => diagnose(application, modules)));
    this.#shutdown = attempt(SEE_OFF, () => shutdownOf(application));
    this.#isCalledLast = isDone('be called last', () => afterAllHooks(modules, () => this.#end()));
    modules.getRpcTargetRegistry().subscribe((server) => {
      attempt('look for servers', () => this.#adopt(server));
      attempt(REPORT, () => this.#report?.connected());
    });
    this.#adoptClients();
    orForget(application, () => interceptHandlers(modules, application));
    attempt('spare handlers streams', () => runWithoutStreams(creator));
  }

  onModuleInit(): void {
    this.#adoptClients();
  }

  onApplicationBootstrap(): void {
    attempt(REPORT, () => this.#report?.started());
  }

  /** Where other hooks come after this one, what they send is traced, too. */
  async onApplicationShutdown(): Promise<void> {
    await (this.#isCalledLast ? this.#settle() : this.#end());
  }

  async #end(): Promise<void> {
    await this.#settle();
    attempt(SEE_OFF, () => forget(this.#application));
  }

  /** What a hook throws, Nest throws where the application is closed. */
  async #settle(): Promise<void> {
    try {
      await this.#shutdown?.settle();
    } catch (error) {
      report(SEE_OFF, error);
    }
  }

  #adoptClients(): void {
    attempt(LOOK_FOR_CLIENTS, () =>
      forEachInstance(this.#modules, LOOK_FOR_CLIENTS, (candidate) => this.#adopt(candidate)),
    );
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
