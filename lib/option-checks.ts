import { InvalidOptionError } from './errors/index.js';

/**
 * Refuses an option; the arguments are those of the error.
 *
 * @throws {InvalidOptionError}
 * @internal
 */
export function fail(...refusal: ConstructorParameters<typeof InvalidOptionError>): never {
  throw new InvalidOptionError(...refusal);
}

/**
 * @param at where the options stand, as a prefix of their names
 * @throws {InvalidOptionError} for an option that is none of those known
 * @internal
 */
export function refuseUnknown(given: object, known: readonly string[], at: string): void {
  for (const option of Object.keys(given)) {
    if (!known.includes(option)) {
      const cure = `Remove it, or use one of ${known.map((name) => `\`${name}\``).join(', ')}.`;
      const expected = 'to be absent, as there is no such option';
      fail(at + option, expected, given[option as never], cure);
    }
  }
}

/**
 * @throws {InvalidOptionError} for what is no object of options
 * @internal
 */
export function requireObject(given: unknown, name = 'options'): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    const cure = 'Pass an object of options, or nothing.';
    fail(name, 'to be an object', given, cure);
  }
}

/**
 * @throws {InvalidOptionError} for a value that is none of those allowed
 * @internal
 */
export function oneOf<T extends string>(option: string, allowed: readonly T[], value: T): T {
  if (!allowed.includes(value)) {
    const list = allowed.map((name) => `'${name}'`).join(', ');
    fail(option, `to be one of ${list}`, value, `Use one of ${list}.`);
  }
  return value;
}

/**
 * @throws {InvalidOptionError} for what is no boolean
 * @internal
 */
export function boolean(option: string, value: boolean): boolean {
  if (typeof value !== 'boolean') {
    fail(option, 'to be a boolean', value, 'Use true or false.');
  }
  return value;
}

// Names that something else writes or reads on the same messages: the propagators, Nest's request and reply, dead letters.
const OF_PROPAGATORS = 'traceparent|tracestate|baggage|b3|x-b3-.*|uber-trace-id|uberctx-.*';
const OF_DEAD_LETTERS = 'x-original-.*|x-error-.*|x-delivery-attempt';
const RESERVED = new RegExp(`^(${OF_PROPAGATORS}|${OF_DEAD_LETTERS}|kafka_.*|__proto__)$`, 'i');

/**
 * @throws {InvalidOptionError} for what is no header name, and for one that is taken
 * @internal
 */
export function headerName(option: string, value: string | false): string | false {
  if (value === false) {
    return value;
  }
  const cure = "Name a header of your own, such as 'correlation_id', or use false.";
  if (typeof value !== 'string' || value.trim() === '') {
    fail(option, 'to be a header name or false', value, cure);
  }
  if (RESERVED.test(value)) {
    fail(option, 'to be a header name that nothing else uses', value, cure);
  }
  return value;
}

/**
 * @throws {InvalidOptionError} for what is no integer, and for one below `least`
 * @internal
 */
export function integerFrom(least: number, option: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < least) {
    fail(option, `to be an integer from ${least} up`, value, `Use a number such as ${least + 1}.`);
  }
  return value;
}

/**
 * @throws {InvalidOptionError} for what is no function
 * @internal
 */
export function functionOrNothing<T>(option: string, value: T | undefined, example: string): T | undefined {
  if (value !== undefined && typeof value !== 'function') {
    fail(option, 'to be a function', value, `Pass one, such as ${example}, or leave it out.`);
  }
  return value;
}

/**
 * @throws {InvalidOptionError} for what is no array of non-empty strings
 * @internal
 */
export function listOfNames(option: string, value: readonly string[], cure: string): readonly string[] {
  if (!Array.isArray(value) || !value.every((name) => typeof name === 'string' && name.trim() !== '')) {
    fail(option, 'to be an array of names', value, cure);
  }
  return value;
}
