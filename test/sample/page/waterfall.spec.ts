import { describe, expect, it } from 'vitest';
import { orderIn, poisonOrderIn } from './support/order-spans.js';
import {
  chosenLine,
  details,
  hopLines,
  openTrace,
  spanLine,
  tracesIn,
  waterfall,
} from './support/page-parts.js';
import { type SentSpan, spanId, traceId } from './support/sent-spans.js';
import { useViewerPage } from './support/viewer-page.js';

const viewer = useViewerPage();

describe('the waterfall', () => {
  it('shows the spans of both services on one axis, each below the one it belongs to', async () => {
    await viewer.send(orderIn('a1'));
    const page = await viewer.open();
    await openTrace(page, 'POST /orders');
    expect(await waterfall(page).locator('.span-line .name').allTextContents()).toEqual([
      'POST /orders',
      'create_order',
      'send order-events',
      'process order-events',
      'process_order_event',
    ]);
    const levels = await waterfall(page).locator('.span-line').all();
    expect(await Promise.all(levels.map((line) => line.getAttribute('aria-level')))).toEqual([
      '1',
      '2',
      '3',
      '4',
      '5',
    ]);
    expect(await spanLine(page, 'POST /orders').textContent()).toContain('order-service');
    expect(await spanLine(page, 'process order-events').textContent()).toContain('notification-service');
    expect(await spanLine(page, 'create_order').textContent()).toContain('18.0 ms');
  });

  it('draws the way through Kafka from the send to the consumer, with its time, topic, partition and offset', async () => {
    await viewer.send(orderIn('a1'));
    const page = await viewer.open();
    await openTrace(page, 'POST /orders');
    const hop = hopLines(page);
    expect(await hop.count()).toBe(1);
    const words = await hop.textContent();
    for (const part of ['order-events', 'partition 3', 'offset 1234', '12.0 ms on the way']) {
      expect(words).toContain(part);
    }
    const way = (await hop.locator('.bar').boundingBox())!;
    const sent = (await spanLine(page, 'send order-events').locator('.bar').boundingBox())!;
    const processed = (await spanLine(page, 'process order-events').locator('.bar').boundingBox())!;
    expect(Math.abs(way.x - sent.x)).toBeLessThan(2);
    expect(Math.abs(way.x + way.width - processed.x)).toBeLessThan(2);
  });

  it('shows each attempt, why it failed, and the failure that was dealt with', async () => {
    await viewer.send(poisonOrderIn('a1'));
    const page = await viewer.open();
    expect(await tracesIn(page).first().textContent()).toMatch(/2 errors.*2 retries/);
    await openTrace(page, 'POST /orders');
    const lines = await spanLine(page, 'process order-events').allTextContents();
    expect(lines[0]).toContain('✗ no such mailbox');
    expect(lines[0]).not.toContain('attempt');
    expect(lines[1]).toMatch(/attempt 2.*✗ no such mailbox/);
    expect(lines[2]).toMatch(/attempt 3.*! MailRefusedError: no such mailbox/);
    expect(await spanLine(page, 'send order-events.dlt').count()).toBe(1);
    expect(await hopLines(page).nth(1).textContent()).toContain('delivered again, 112 ms after the send');
  });

  it('tells all of the chosen span: attributes, events, its message, and ids to copy', async () => {
    await viewer.send(poisonOrderIn('a1'));
    const page = await viewer.open('', { permissions: ['clipboard-read', 'clipboard-write'] });
    await openTrace(page, 'POST /orders');
    await spanLine(page, /attempt 2/).click();
    const words = await details(page).innerText();
    for (const part of [
      'mailers',
      '1234',
      'exception.message',
      'Delivery number 2',
      traceId('a1'),
      spanId('e2'),
    ]) {
      expect(words).toContain(part);
    }
    await details(page).getByRole('button', { name: 'Copy the span id' }).click();
    await details(page).getByText('copied').waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(spanId('e2'));
  });

  it('grows while spans arrive, and keeps the chosen span chosen', async () => {
    await viewer.send(orderIn('a1').slice(0, 3));
    const page = await viewer.open();
    await openTrace(page, 'POST /orders');
    await spanLine(page, 'create_order').click();
    await viewer.send(orderIn('a1').slice(3));
    await spanLine(page, 'process_order_event').waitFor();
    expect(await chosenLine(page).textContent()).toContain('create_order');
  });

  it('stands in the address: a reload and the back button lead to the same span', async () => {
    await viewer.send(orderIn('a1'));
    const page = await viewer.open();
    await openTrace(page, 'POST /orders');
    await spanLine(page, 'process order-events').click();
    const hash = `#/trace/${traceId('a1')}/span/${spanId('e')}`;
    expect(new URL(page.url()).hash).toBe(hash);
    await page.reload();
    await chosenLine(page).getByText('process order-events', { exact: true }).waitFor();
    await spanLine(page, 'create_order').click();
    await page.goBack();
    await chosenLine(page).getByText('process order-events', { exact: true }).waitFor();
    await page.goForward();
    await chosenLine(page).getByText('create_order').waitFor();
  });

  it('says of a trace that is not here that it is not, and shows it once it is', async () => {
    viewer.expectComplaint(/404/);
    const page = await viewer.open(`#/trace/${traceId('a1')}`);
    await page.getByRole('alert').getByText('This trace is not here').waitFor();
    await viewer.send(orderIn('a1'));
    await spanLine(page, 'process_order_event').waitFor();
    expect(await page.getByRole('alert').getByText('not here').count()).toBe(0);
  });

  it('takes a trace of 3,000 spans, of which only those are drawn that can be seen', async () => {
    const children = Array.from({ length: 3000 }, (_, index): SentSpan => {
      return { trace: 'a1', id: `i${index}`, parent: 'p', name: `step ${index}`, from: index, to: index + 1 };
    });
    await viewer.send([{ trace: 'a1', id: 'p', name: 'a long job', from: 0, to: 3000 }, ...children]);
    const page = await viewer.open();
    await openTrace(page, 'a long job');
    await page.keyboard.press('End');
    await chosenLine(page).getByText('step 2999').waitFor();
    await page.keyboard.press('ArrowUp');
    await chosenLine(page).getByText('step 2998').waitFor();
    expect(await waterfall(page).locator('.span-line').count()).toBeLessThan(100);
  });
});
