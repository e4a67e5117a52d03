/**
 * Whether a copy of its own properties has all that somebody reads of an object. One of a class may compute them.
 *
 * @internal
 */
export function isPlain(object: object): boolean {
  return Object.getPrototypeOf(object) === Object.prototype;
}
