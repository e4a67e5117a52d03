import { serialize } from 'node:v8';
import { expect } from 'vitest';

export type Headers = Record<string, unknown>;
type Entries = readonly (readonly [name: string, value: unknown])[];

/** Does the work, and sees that these headers, and all that is in them, are afterwards as they were. */
export function expectUnchanged<T>(headers: Headers, work: () => T): T {
  const [before, entries] = [serialize(headers), Object.entries(headers)];
  const result = work();
  expect(serialize(headers).equals(before)).toBe(true);
  expectSame(Object.entries(headers), entries);
  return result;
}

/** The very same values under the same names, in the same order. What is in a value is not looked at: it may be long. */
export function expectSame(actual: Entries, expected: Entries): void {
  expect(actual.map(([name]) => name)).toEqual(expected.map(([name]) => name));
  expect(actual.every(([, value], index) => Object.is(value, expected[index]?.[1]))).toBe(true);
}

export function othersIn(headers: Headers, isOurs: (name: string) => boolean): Entries {
  return Object.entries(headers).filter(([name]) => !isOurs(name));
}

export function isNamesakeOf(name: string): (other: string) => boolean {
  return (other) => other.length === name.length && other.toLowerCase() === name.toLowerCase();
}

/** None of the headers with these names is on the wire twice, in whatever letter case. */
export function expectOneOfEach(headers: Headers, names: RegExp): void {
  const sent = Object.entries(headers)
    .filter(([name]) => names.test(name))
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map(() => name.toLowerCase()));
  expect(sent.length).toBe(new Set(sent).size);
}
