/**
 * The name of an operation, as spans and metrics have it.
 *
 * @internal
 */
export type Operation = 'create' | 'send' | 'process' | 'request' | 'send_offsets';
