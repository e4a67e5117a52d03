export type Child = Node | string | undefined | false;

type Properties = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * Makes an element with attributes and children. Strings become text nodes and never markup: most of them come from other
 * processes.
 */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Properties = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  return furnish(document.createElement(tag), attributes, children);
}

export function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Properties = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Tag] {
  return furnish(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

/** An element of index.html. */
export function byId(id: string): HTMLElement;
export function byId<Type extends HTMLElement>(id: string, type: new () => Type): Type;
export function byId(id: string, type: new () => HTMLElement = HTMLElement): HTMLElement {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`index.html has no #${id} that is an ${type.name}`);
  return found;
}

/** Changes a text only where it differs, so that a selection in it lives on. */
export function setText(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** `true` is an attribute without a value; `false` and `undefined` are none. */
export function setAttributes(node: Element, attributes: Properties): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) node.removeAttribute(name);
    else node.setAttribute(name, value === true ? '' : String(value));
  }
}

function furnish<Type extends Element>(node: Type, attributes: Properties, children: readonly Child[]): Type {
  setAttributes(node, attributes);
  node.append(...children.filter((child) => child !== undefined && child !== false));
  return node;
}
