/** A list that throws whatever is asked of it. */
export function unreadable(): string[] {
  return new Proxy<string[]>([], {
    get: () => {
      throw new Error('hostile');
    },
  });
}
