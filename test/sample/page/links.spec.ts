import { describe, expect, it } from 'vitest';
import { linkedOrder, orderIn } from './support/order-spans.js';
import {
  chosenLine,
  details,
  hopLines,
  openTrace,
  spanLine,
  tracesIn,
  waterfall,
} from './support/page-parts.js';
import { type SentSpan, traceId } from './support/sent-spans.js';
import { useViewerPage } from './support/viewer-page.js';

const viewer = useViewerPage();

describe('links', () => {
  it('are followed from the consumer to the producer, and back, in the lines', async () => {
    await viewer.send(orderIn('a1'));
    const page = await viewer.open();
    await openTrace(page, 'POST /orders');
    await page.getByRole('button', { name: 'links to send order-events' }).click();
    expect(await chosenLine(page).textContent()).toContain('send order-events');
    await page.getByRole('button', { name: 'linked from process order-events' }).click();
    expect(await chosenLine(page).textContent()).toContain('process order-events');
  });

  it('are followed in both directions in the details', async () => {
    await viewer.send(orderIn('a1'));
    const page = await viewer.open();
    await openTrace(page, 'POST /orders');
    await spanLine(page, 'process order-events').click();
    await details(page).getByText('→ Links to').waitFor();
    await details(page).getByRole('button', { name: 'send order-events' }).click();
    await details(page).getByText('← Linked from').waitFor();
    expect(await chosenLine(page).textContent()).toContain('send order-events');
    await details(page).getByRole('button', { name: 'process order-events' }).click();
    expect(await chosenLine(page).textContent()).toContain('process order-events');
  });

  it('join a trace that only links to another, with a mark, at the message it handled', async () => {
    await viewer.send(linkedOrder('a1', 'b2'));
    const page = await viewer.open();
    await openTrace(page, 'POST /orders');
    expect(await waterfall(page).locator('.line').allTextContents()).toEqual([
      expect.stringContaining('POST /orders'),
      expect.stringContaining('create_order'),
      expect.stringContaining('send order-events'),
      `joined by a link · trace ${traceId('b2').slice(0, 8)}`,
      expect.stringContaining('12.0 ms on the way'),
      expect.stringContaining('process order-events'),
      expect.stringContaining('process_order_event'),
    ]);
    expect(await waterfall(page).locator('.span-line.joined').count()).toBe(2);
    expect(await hopLines(page).count()).toBe(1);
    expect(await tracesIn(page).filter({ hasText: '1 linked trace' }).count()).toBe(2);
  });

  it('are followed into the other trace and back, and the other trace can be opened by itself', async () => {
    await viewer.send(linkedOrder('a1', 'b2'));
    const page = await viewer.open();
    await openTrace(page, 'POST /orders');
    await page.getByRole('button', { name: /^linked from process order-events in trace/ }).click();
    expect(await chosenLine(page).textContent()).toContain('process order-events');
    await page.getByRole('button', { name: /^links to send order-events in trace/ }).click();
    expect(await chosenLine(page).textContent()).toContain('send order-events');
    await page.getByRole('link', { name: `joined by a link · trace ${traceId('b2').slice(0, 8)}` }).click();
    await page.getByRole('heading', { name: 'process order-events', level: 2 }).waitFor();
    expect(page.url()).toContain(`#/trace/${traceId('b2')}`);
    expect(await waterfall(page).getByText('joined by a link · the trace you opened').count()).toBe(1);
    await page.goBack();
    await page.getByRole('heading', { name: 'POST /orders', level: 2 }).waitFor();
  });

  it('lead to traces that have no room in the waterfall', async () => {
    const linking = Array.from({ length: 60 }, (_, index): SentSpan => {
      const trace = `t${String(index).padStart(2, '0')}`;
      return {
        trace,
        id: 'x',
        name: `reader ${index}`,
        from: index,
        to: index + 5,
        links: [{ trace: 'a1', id: 'p' }],
      };
    });
    await viewer.send([{ trace: 'a1', id: 'p', name: 'a hub', from: 0, to: 5 }, ...linking]);
    const page = await viewer.open(`#/trace/${traceId('a1')}`);
    await page.getByText(/Not shown, since there are so many: .*11 more linked traces/).waitFor();
    await details(page)
      .getByRole('button', { name: /^reader 59 in trace/ })
      .click();
    await chosenLine(page).getByText('reader 59', { exact: true }).waitFor();
    expect(page.url()).toContain(`#/trace/${traceId('t59')}/span/`);
    await details(page)
      .getByRole('button', { name: /^a hub in trace/ })
      .click();
    await chosenLine(page).getByText('a hub', { exact: true }).waitFor();
  });

  it('say of a span that is not here that it is not', async () => {
    const links = [{ trace: 'ff', id: 'gone' }];
    await viewer.send([{ trace: 'a1', id: 'p', name: 'a late reader', from: 0, to: 5, links }]);
    const page = await viewer.open();
    await openTrace(page, 'a late reader');
    const words = await details(page).innerText();
    expect(words).toMatch(/span 676f6e65 in trace 66660000, which is not here/);
  });
});
