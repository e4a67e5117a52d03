type Written = { readonly key: string; readonly value: unknown };

/**
 * A header that is null on the wire, as other clients write it. kafkajs can write it, but it throws, since it takes the length
 * of the value before it looks whether there is one: here the first look finds an empty text, which is as long.
 */
export function nullHeader(): unknown {
  return new NullHeader();
}

/** kafkajs makes a header of each value of an array. */
class NullHeader extends Array<unknown> {
  override map<T>(write: (value: unknown, index: number, array: unknown[]) => T): T[] {
    let isMeasured = false;
    const { key } = write(null, 0, []) as Written;
    const header: Written = {
      key,
      get value() {
        const value = isMeasured ? null : '';
        isMeasured = true;
        return value;
      },
    };
    return [header as T];
  }
}
