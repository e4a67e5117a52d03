/** The instrumentation scope of every span: this package. */
export const SCOPE_NAME = 'nestjs-kafka-tracing';
export const SCOPE_VERSION = '0.1.0';
