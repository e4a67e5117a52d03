/**
 * The names of the headers; none where they cannot be listed.
 *
 * @internal
 */
export function ownNames(headers: Readonly<Record<string, unknown>>): string[] {
  try {
    return Object.keys(headers);
  } catch {
    return []; // A Proxy that throws.
  }
}

/**
 * The names, in any letter case, under which the headers have this one.
 *
 * @internal
 */
export function namesakes(headers: Readonly<Record<string, unknown>>, name: string): readonly string[] {
  const found: string[] = [];
  for (const own of ownNames(headers)) {
    if (isNamesake(own, name)) {
      found.push(own);
    }
  }
  return found;
}

/**
 * Whether two names differ at most in letter case.
 *
 * @internal
 */
export function isNamesake(one: string, other: string): boolean {
  return one === other || (one.length === other.length && one.toLowerCase() === other.toLowerCase());
}

/**
 * Removes the header in every letter case.
 *
 * @internal
 */
export function removeHeader(headers: Record<string, unknown>, name: string): void {
  for (const namesake of namesakes(headers, name)) {
    delete headers[namesake];
  }
}

/**
 * Sets the header under just this name.
 *
 * @internal
 */
export function setHeader(headers: Record<string, unknown>, name: string, value: unknown): void {
  if (name in headers && !Object.hasOwn(headers, name)) {
    // Inherited: to assign `__proto__` would change the prototype, and to assign others may be refused.
    Object.defineProperty(headers, name, { value, enumerable: true, configurable: true, writable: true });
  } else {
    headers[name] = value;
  }
}
