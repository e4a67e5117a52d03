interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** An event that does not keep to its contract; delivering it again would not help. */
export class InvalidEventError extends Error {
  override readonly name = 'InvalidEventError';

  constructor(topic: string, issues: readonly Issue[]) {
    super(`An event of ${topic} does not keep to its contract: ${issues.map(describe).join('; ')}`);
  }
}

function describe({ path = [], message }: Issue): string {
  const names = path.map((segment) => String(typeof segment === 'object' ? segment.key : segment));
  return names.length > 0 ? `${names.join('.')}: ${message}` : message;
}
