import { type Observable, materialize, toArray, firstValueFrom } from 'rxjs';

/** What somebody who subscribes is told, in its order: values, and how it ended. */
export async function notificationsOf(stream: Observable<unknown>): Promise<readonly unknown[]> {
  const told = await firstValueFrom(stream.pipe(materialize(), toArray()));
  return told.map(({ kind, ...rest }) =>
    kind === 'N'
      ? { next: (rest as { value: unknown }).value }
      : kind === 'E'
        ? { error: (rest as { error: unknown }).error }
        : 'complete',
  );
}
