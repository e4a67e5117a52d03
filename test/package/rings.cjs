// Three rings, whose imports point inward only (RATIONALE.md): the core knows the OpenTelemetry API, the driver also kafkajs's
// types, Nest's ring everything.
const CORE = '^lib/(propagation|tracing)/';
const DRIVER = '^lib/kafkajs/';
const SDK_LOADER = '^lib/testing/application-sdk\\.ts$';
const LEAVES =
  '^lib/(errors/|option-checks\\.ts|resolve-options\\.ts|messages\\.ts|(kafka-tracing|topic)\\.options\\.ts)';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'leaves-know-nothing',
      severity: 'error',
      from: { path: LEAVES },
      to: { pathNot: [LEAVES, 'node_modules/@opentelemetry/api/', '^(node:)?util$'] },
    },
    {
      name: 'propagation-knows-the-api-only',
      severity: 'error',
      from: { path: '^lib/propagation/' },
      to: { pathNot: ['^lib/propagation/', 'node_modules/@opentelemetry/api/'] },
    },
    {
      name: 'core-knows-the-api-only',
      severity: 'error',
      from: { path: CORE },
      to: { pathNot: [CORE, LEAVES, 'node_modules/@opentelemetry/api/', '^(node:)?(buffer|util/types)$'] },
    },
    {
      name: 'driver-knows-the-core-and-kafkajs',
      severity: 'error',
      from: { path: DRIVER },
      to: { pathNot: [DRIVER, CORE, LEAVES, 'node_modules/@opentelemetry/api/', 'node_modules/kafkajs/'] },
    },
    {
      name: 'kafkajs-only-as-types',
      comment: 'Nest loads the driver; a copy of ours would be a second one.',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/testing/' },
      to: { path: 'node_modules/kafkajs/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'testing-stands-apart',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/testing/' },
      to: { path: '^lib/testing/' },
    },
    {
      name: 'library-knows-no-sdk-and-no-sample',
      severity: 'error',
      from: { path: '^lib/', pathNot: SDK_LOADER },
      to: { path: ['node_modules/@opentelemetry/(?!api/)', '^(sample|test)/'] },
    },
    {
      name: 'test-kit-loads-the-sdk-when-asked',
      comment: 'The SDK is optional; its types would make it a part of the published declarations.',
      severity: 'error',
      from: { path: SDK_LOADER },
      to: { path: ['node_modules/@opentelemetry/(?!api/)', '^(sample|test)/'], dynamic: false },
    },
    {
      name: 'only-the-tracer-starts-spans',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/tracing/' },
      to: {
        path: '^lib/tracing/(span-starter|processing/step|sending/.*)\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'sample-uses-the-package',
      severity: 'error',
      from: { path: '^sample/' },
      to: { path: '^test/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { conditionNames: ['import', 'types', 'default'], exportsFields: ['exports'] },
  },
};
