/** Why a request was refused, of RFC 9457: in words, and field by field. */
export interface Problem {
  readonly title: string;
  readonly detail?: string;
  readonly errors: readonly FieldError[];
}

export interface FieldError {
  /** A path in the body, such as `item.quantity`. */
  readonly field: string;
  readonly message: string;
}

/** Reads a refusal; also one that is not `application/problem+json`, such as a proxy's. */
export async function problemOf(response: Response): Promise<Problem> {
  const fallback = { title: `The server answered ${response.status}`, errors: [] };
  if (!response.headers.get('content-type')?.includes('json')) {
    return withDetail(fallback, (await response.text()).trim());
  }
  const body = (await response.json()) as Partial<Problem>;
  const errors = Array.isArray(body.errors) ? body.errors : [];
  return withDetail({ title: body.title ?? fallback.title, errors }, body.detail);
}

/** The title alone where the detail only says it again. */
export function inWords({ title, detail }: Problem): string {
  return detail && detail !== title ? `${title}: ${detail}` : title;
}

function withDetail(problem: Problem, detail: string | undefined): Problem {
  return detail ? { ...problem, detail } : problem;
}
