import { Logger } from '@nestjs/common';
import { attempt } from '../../tracing/fail-open.js';
import type { DiagnosedSdk, DiagnosedTopic, KafkaTracingDiagnosis } from './diagnosis.types.js';
import type { TracedApplication } from '../traced-application.js';

const reports = new WeakMap<TracedApplication, DiagnosisReport>();

/**
 * One for an application, however often the module is imported.
 *
 * @internal
 */
export function reportOf(
  application: TracedApplication,
  diagnose: () => KafkaTracingDiagnosis,
): DiagnosisReport {
  const report = reports.get(application) ?? new DiagnosisReport(diagnose);
  reports.set(application, report);
  return report;
}

/**
 * Tells in Nest's logger what is traced: in one line when the application has started, in one more for each server that is
 * connected later. Each thing that is wrong is a warning, once. Nothing here throws.
 *
 * @internal
 */
export class DiagnosisReport {
  readonly #logger = new Logger('KafkaTracing');
  readonly #diagnose: () => KafkaTracingDiagnosis;
  readonly #warned = new Set<string>();
  #told: KafkaTracingDiagnosis | undefined;

  constructor(diagnose: () => KafkaTracingDiagnosis) {
    this.#diagnose = diagnose;
  }

  /** The application has started. */
  started(): void {
    if (this.#told === undefined) {
      this.#tell(summaryOf);
    }
  }

  /** A server was connected; before the application has started that is nothing to tell. */
  connected(): void {
    const { servers = [], topics = [] } = this.#told ?? {};
    if (this.#told?.enabled === true) {
      this.#tell((now) => additionOf(now, servers.length, topics));
    }
  }

  #tell(line: (now: KafkaTracingDiagnosis) => string | undefined): void {
    attempt('report what is traced', () => {
      const now = this.#diagnose();
      this.#told = now;
      const message = line(now);
      if (message !== undefined) {
        this.#logger.log(message);
      }
      if (isAboutKafka(now)) {
        this.#warn(now.warnings);
      }
    });
  }

  #warn(warnings: readonly string[]): void {
    for (const warning of warnings) {
      if (!this.#warned.has(warning)) {
        this.#warned.add(warning);
        this.#logger.warn(warning);
      }
    }
  }
}

/** An application that has nothing of Kafka, yet, needs no SDK. */
function isAboutKafka({ servers, clients, topics, unreachable }: KafkaTracingDiagnosis): boolean {
  return [servers, clients, topics, unreachable].some((found) => found.length > 0);
}

function summaryOf(now: KafkaTracingDiagnosis): string {
  if (!now.enabled) {
    return 'Nothing is traced: `enabled` is false.';
  }
  const traced = sentence('Traces', now);
  return `${traced ?? 'Found no Kafka server and no Kafka client.'} ${sdkText(now.sdk)}`;
}

/** What there is now and was not there before; servers come in the order in which they were connected. */
function additionOf(
  now: KafkaTracingDiagnosis,
  serversBefore: number,
  topicsBefore: readonly DiagnosedTopic[],
): string | undefined {
  const before = new Set(topicsBefore.map(keyOf));
  return sentence('Also traces', {
    servers: now.servers.slice(serversBefore),
    clients: [],
    topics: now.topics.filter((topic) => !before.has(keyOf(topic))),
  });
}

function keyOf({ kind, pattern }: DiagnosedTopic): string {
  return `${kind} ${pattern}`;
}

type Traced = Pick<KafkaTracingDiagnosis, 'servers' | 'clients' | 'topics'>;

function sentence(verb: string, { servers, clients, topics }: Traced): string | undefined {
  const parts = [
    counted(
      'server',
      servers.map(({ groupId, name }) => groupId ?? name),
    ),
    counted(
      'client',
      clients.map(({ clientId, name }) => clientId ?? name),
    ),
    counted('topic', topics.map(topicText)),
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : `${verb} ${parts.join(', ')}.`;
}

// A line that says everything of a large application is read by nobody.
const MOST_NAMES = 10;

function counted(noun: string, names: readonly string[]): string | undefined {
  if (names.length === 0) {
    return undefined;
  }
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : '';
  const shown = names.slice(0, MOST_NAMES).join(', ');
  return `${names.length} ${noun}${names.length === 1 ? '' : 's'} (${shown}${more})`;
}

function topicText({ pattern, rule }: DiagnosedTopic): string {
  return rule === undefined ? pattern : `${pattern} by rule ${rule.index} ${rule.match}`;
}

function sdkText(sdk: DiagnosedSdk): string {
  const parts = [
    { name: 'tracer provider', is: sdk.tracerProvider },
    {
      name: `propagator${sdk.propagator ? ` (${sdk.propagationFields.join(', ')})` : ''}`,
      is: sdk.propagator,
    },
    { name: 'context manager', is: sdk.contextManager },
    { name: 'meter provider', is: sdk.meterProvider },
  ];
  const named = (is: boolean): string =>
    parts
      .filter((part) => part.is === is)
      .map(({ name }) => name)
      .join(', ');
  const [registered, missing] = [named(true), named(false)];
  return [registered && `Registered: ${registered}.`, missing && `Not registered: ${missing}.`]
    .filter((text) => text !== '')
    .join(' ');
}
