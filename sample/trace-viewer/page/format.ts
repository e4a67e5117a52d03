const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Three digits and a unit, such as `412 µs`, `9.06 ms`, `1.25 s`; from a minute up `2 min 5 s`. */
export function formatDuration(ms: number): string {
  if (ms >= MINUTE) return `${Math.floor(ms / MINUTE)} min ${Math.floor((ms % MINUTE) / SECOND)} s`;
  if (ms >= SECOND) return `${digits(ms / SECOND)} s`;
  if (ms >= 1 || ms === 0) return `${digits(ms)} ms`;
  return `${digits(ms * 1000)} µs`;
}

/** A point on an axis of `length`: all of one unit, and as short as it can be. */
export function formatTick(ms: number, length: number): string {
  const [unit, name] = length >= 2 * SECOND ? [SECOND, 's'] : length >= 2 ? [1, 'ms'] : [0.001, 'µs'];
  return `${Number((ms / unit).toPrecision(6))} ${name}`;
}

/** How long ago something was: `now`, `12 s ago`, `5 min ago`. */
export function formatAge(ms: number): string {
  if (ms < 2 * SECOND) return 'now';
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s ago`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min ago`;
  return `${Math.floor(ms / HOUR)} h ago`;
}

/** The time of day, to the millisecond, where the reader is. */
export function formatClock(time: number): string {
  const date = new Date(time);
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => padded(part, 2));
  return `${clock.join(':')}.${padded(date.getMilliseconds(), 3)}`;
}

export function plural(amount: number, noun: string, nouns = `${noun}s`): string {
  return `${amount.toLocaleString('en')} ${amount === 1 ? noun : nouns}`;
}

/** The part of an id that is enough to tell it from its neighbours. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}

function padded(value: number, length: number): string {
  return String(value).padStart(length, '0');
}

function digits(value: number): string {
  if (value >= 100 || value === 0) return value.toFixed(0);
  return value.toFixed(value >= 10 ? 1 : 2);
}
