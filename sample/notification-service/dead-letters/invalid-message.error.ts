interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A message that does not keep to its contract; delivering it again would not help. */
export class InvalidMessageError extends Error {
  override readonly name = 'InvalidMessageError';

  constructor(topic: string, issues: readonly Issue[]) {
    super(`A message of ${topic} does not keep to its contract: ${issues.map(describe).join('; ')}`);
  }
}

function describe({ path = [], message }: Issue): string {
  const names = path.map((segment) => String(typeof segment === 'object' ? segment.key : segment));
  return names.length > 0 ? `${names.join('.')}: ${message}` : message;
}
