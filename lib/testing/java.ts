import { EmbeddedKafkaError, OR_USE_ANOTHER_BROKER } from './embedded-kafka.error.js';
import { findInJavaHome, findOnPath, runToEnd } from './programs.js';

const NEEDED = 17;
const INSTALL =
  `Install a Java runtime, version ${NEEDED} or newer (Debian: apt-get install openjdk-17-jre-headless, ` +
  `macOS: brew install openjdk), ${OR_USE_ANOTHER_BROKER}`;

/**
 * The `java` to run Kafka with: that of `JAVA_HOME`, else the first in `PATH`. It is asked for its version, because
 * on macOS there is always a `/usr/bin/java`, which says that there is none.
 *
 * @internal
 */
export async function findJava(): Promise<string> {
  const java = findInJavaHome('java') ?? findOnPath('java');
  if (java === undefined) {
    const problem = 'Java is missing: no `java` in JAVA_HOME or PATH.';
    throw new EmbeddedKafkaError('EMBEDDED_KAFKA_JAVA_MISSING', problem, INSTALL);
  }
  const { succeeded, output } = await runToEnd(java, ['-version'], 30_000);
  const version = /version "(\d+)/.exec(output)?.[1];
  if (!succeeded || version === undefined) {
    const problem = `Java is missing: \`${java} -version\` says "${output}".`;
    throw new EmbeddedKafkaError('EMBEDDED_KAFKA_JAVA_MISSING', problem, INSTALL);
  }
  if (Number(version) < NEEDED) {
    const problem = `Java is too old: ${java} is version ${version}.`;
    throw new EmbeddedKafkaError('EMBEDDED_KAFKA_JAVA_TOO_OLD', problem, INSTALL);
  }
  return java;
}
