import { describe, expect, it } from 'vitest';
import { linkedOrder, orderIn } from './support/order-spans.js';
import { chosenLine, details, list, spanLine, tracesIn, waterfall } from './support/page-parts.js';
import { useViewerPage } from './support/viewer-page.js';

const viewer = useViewerPage();

describe('the keyboard alone', () => {
  it('filters the list, opens a trace, walks over its spans, and comes back', async () => {
    await viewer.send([
      ...orderIn('a1'),
      { trace: 'c3', id: 'x', name: 'GET /health/live', from: 50, to: 51 },
      { trace: 'd4', id: 'x', name: 'GET /health/ready', from: 60, to: 61 },
    ]);
    const page = await viewer.open();
    await tracesIn(page).nth(2).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('health');
    await page.getByText('2 of 3').waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'GET /health/live', level: 2 }).waitFor();

    await page.keyboard.press('Escape');
    expect(new URL(page.url()).hash).toBe('#/');
    expect(await list(page).evaluate((node) => node === document.activeElement)).toBe(true);

    await page.keyboard.press('/');
    await page.keyboard.type('orders');
    await page.getByText('1 of 3').waitFor();
    await page.keyboard.press('Enter');
    await chosenLine(page).getByText('POST /orders').waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('j');
    expect(await chosenLine(page).textContent()).toContain('send order-events');
    await page.keyboard.press('k');
    expect(await chosenLine(page).textContent()).toContain('create_order');
  });

  it('collapses and expands, and goes to the parent and the first child', async () => {
    await viewer.send(orderIn('a1'));
    const page = await viewer.open();
    await tracesIn(page).first().waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await chosenLine(page).getByText('POST /orders').waitFor();
    await page.keyboard.press('ArrowRight');
    expect(await chosenLine(page).textContent()).toContain('create_order');
    await page.keyboard.press('ArrowLeft');
    expect(await waterfall(page).locator('.line').count()).toBe(2);
    expect(await chosenLine(page).getAttribute('aria-expanded')).toBe('false');
    await page.keyboard.press('ArrowRight');
    expect(await waterfall(page).locator('.line').count()).toBe(6);
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowLeft');
    expect(await chosenLine(page).textContent()).toContain('process order-events');
  });

  it('follows links in both directions, by keys and by the buttons of the details', async () => {
    await viewer.send(linkedOrder('a1', 'b2'));
    const page = await viewer.open();
    await tracesIn(page).nth(1).waitFor();
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await chosenLine(page).getByText('POST /orders').waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('b');
    expect(await chosenLine(page).textContent()).toContain('process order-events');
    await page.keyboard.press('f');
    expect(await chosenLine(page).textContent()).toContain('send order-events');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    const focused = details(page).getByRole('button', { name: /^process order-events in trace/ });
    expect(await focused.evaluate((node) => node === document.activeElement)).toBe(true);
    await page.keyboard.press('Enter');
    expect(await chosenLine(page).textContent()).toContain('process order-events');
    expect(await spanLine(page, 'process_order_event').count()).toBe(1);
  });

  it('tells a screen reader where it is', async () => {
    await viewer.send(orderIn('a1'));
    const page = await viewer.open();
    await tracesIn(page).first().waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await chosenLine(page).waitFor();
    await page.keyboard.press('j');
    const active = await waterfall(page).getAttribute('aria-activedescendant');
    expect(active).toBe(await chosenLine(page).getAttribute('id'));
    expect(await waterfall(page).evaluate((node) => node === document.activeElement)).toBe(true);
  });
});
