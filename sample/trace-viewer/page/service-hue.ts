/** Far enough from each other to be told apart, and from red, which means an error. In degrees of OKLCH. */
const HUES = [255, 205, 65, 320, 155, 285, 110, 350];

const hues = new Map<string, number>();

/**
 * The hue of a service: the same in the list, the waterfall and the details. It follows from the name, so that a reload
 * changes nothing, unless another service had that one first.
 */
export function hueOf(service: string): number {
  const known = hues.get(service);
  if (known !== undefined) return known;
  const taken = new Set(hues.values());
  const first = hashOf(service) % HUES.length;
  const free = HUES.map((_, step) => HUES[(first + step) % HUES.length]!).find((hue) => !taken.has(hue));
  const hue = free ?? HUES[first]!;
  hues.set(service, hue);
  return hue;
}

/** Lets the style sheet paint an element in its service's hue. */
export function paintService(node: HTMLElement, service: string): void {
  node.style.setProperty('--hue', String(hueOf(service)));
}

function hashOf(text: string): number {
  let hash = 7;
  for (const character of text) hash = (hash * 31 + character.codePointAt(0)!) % 65_521;
  return hash;
}
