import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EmbeddedKafkaError, OR_USE_ANOTHER_BROKER } from './embedded-kafka.error.js';
import { findOnPath, runToEnd } from './programs.js';

/** @internal */
export const KAFKA_VERSION = '4.4.0';
/** @internal */
export const SCALA_VERSION = '2.13';
const LOG4J_VERSION = '2.25.4';
const TIMEOUT_MS = 10 * 60_000;

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>embedded-kafka</groupId>
  <artifactId>embedded-kafka</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    ${dependency('org.apache.kafka', `kafka_${SCALA_VERSION}`, KAFKA_VERSION)}
    ${dependency('org.apache.logging.log4j', 'log4j-slf4j-impl', LOG4J_VERSION)}
    ${dependency('org.apache.logging.log4j', 'log4j-core', LOG4J_VERSION)}
  </dependencies>
</project>
`;

/** @internal The `mvn` of PATH, or an error that says how to get one. */
export function findMaven(): string {
  const maven = findOnPath('mvn');
  if (maven !== undefined) return maven;
  throw new EmbeddedKafkaError(
    'EMBEDDED_KAFKA_MAVEN_MISSING',
    'Maven is missing: no `mvn` in PATH. It is needed once, to download Apache Kafka.',
    `Install it (Debian: apt-get install maven, macOS: brew install maven), ${OR_USE_ANOTHER_BROKER}`,
  );
}

/** @internal Lets Maven copy Apache Kafka's jars to `libs` below a folder. */
export async function downloadKafka(maven: string, folder: string): Promise<void> {
  const pom = join(folder, 'pom.xml');
  writeFileSync(pom, POM);
  const goal = ['-q', '-B', '-f', pom, 'dependency:copy-dependencies'];
  const settings = ['-DincludeScope=runtime', `-DoutputDirectory=${join(folder, 'libs')}`];
  const { succeeded, output } = await runToEnd(maven, [...goal, ...settings], TIMEOUT_MS);
  if (succeeded) return;
  throw new EmbeddedKafkaError(
    'EMBEDDED_KAFKA_DOWNLOAD_FAILED',
    `Maven could not download Apache Kafka ${KAFKA_VERSION}. It says:\n${firstLines(output)}\n`,
    `See that \`mvn\` reaches a Maven repository (a mirror or proxy goes into ~/.m2/settings.xml), ${OR_USE_ANOTHER_BROKER}`,
  );
}

function dependency(group: string, artifact: string, version: string): string {
  const coordinates = `<groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>`;
  return `<dependency>${coordinates}</dependency>`;
}

/** Maven names the cause first and then explains itself at length. */
function firstLines(output: string): string {
  return output.split('\n').slice(0, 10).join('\n');
}
