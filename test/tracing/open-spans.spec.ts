import { describe, expect, it } from 'vitest';
import { OpenSpans } from '../../lib/tracing/open-spans.js';

/** Whether a promise has settled by the time that everything which is ready has run. */
async function isSettled(promise: Promise<void>): Promise<boolean> {
  let settled = false;
  void promise.then(() => (settled = true));
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  return settled;
}

describe('OpenSpans', () => {
  it('counts what is open, and what there has been', () => {
    const spans = new OpenSpans();
    spans.started();
    spans.started();
    expect(spans.count).toBe(2);
    spans.ended();
    expect(spans.count).toBe(1);
    spans.ended();
    expect(spans.count).toBe(0);
    spans.started();
    expect(spans.total).toBe(3);
  });

  it('has nothing to wait for where no span is open', async () => {
    const spans = new OpenSpans();
    expect(await isSettled(spans.whenNone())).toBe(true);
  });

  it('lets everybody wait until the last one has ended, and not sooner', async () => {
    const spans = new OpenSpans();
    spans.started();
    spans.started();
    const [one, other] = [spans.whenNone(), spans.whenNone()];
    spans.ended();
    expect(await isSettled(one)).toBe(false);
    spans.ended();
    expect(await isSettled(one)).toBe(true);
    expect(await isSettled(other)).toBe(true);
  });

  it('lets one wait again for what started after', async () => {
    const spans = new OpenSpans();
    spans.started();
    const first = spans.whenNone();
    spans.ended();
    spans.started();
    const second = spans.whenNone();
    expect(await isSettled(first)).toBe(true);
    expect(await isSettled(second)).toBe(false);
    spans.ended();
    expect(await isSettled(second)).toBe(true);
  });

  it('does not count below none where an end is told twice', async () => {
    const spans = new OpenSpans();
    spans.started();
    spans.ended();
    spans.ended();
    spans.started();
    expect(spans.count).toBe(1);
    expect(await isSettled(spans.whenNone())).toBe(false);
  });
});
