import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startBrowser } from './support/browser.js';
import { chosenLine, details, hopLines, spanLine, waterfall } from './support/page-parts.js';
import { type ServedSample, serveSample } from './support/served-sample.js';
import { openPage, type WatchedPage } from './support/watched-page.js';

const START_MS = 150_000;
const SOON = { timeout: 15_000 };

let browser: Browser;
let sample: ServedSample;
let opened: WatchedPage | undefined;

beforeAll(async () => {
  browser = await startBrowser();
}, START_MS);
afterAll(() => browser?.close());
afterEach(async () => {
  await opened?.close();
  opened = undefined;
});

async function open(): Promise<Page> {
  opened = await openPage(browser, sample.url);
  await opened.page.getByRole('heading', { name: 'Place an order' }).waitFor();
  return opened.page;
}

async function placeOrder(page: Page, fields: Readonly<Record<string, string>> = {}): Promise<void> {
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label).fill(value);
  await page.getByRole('button', { name: 'Place the order' }).click();
}

describe('the page of the sample', { timeout: 150_000 }, () => {
  beforeAll(async () => {
    sample = await serveSample();
  }, START_MS);
  afterAll(() => sample?.stop());

  it('shows the trace of an order placed by the form, over both services, with the way through Kafka', async () => {
    const page = await open();
    await placeOrder(page, { Customer: 'c-42', Amount: '12.50' });
    await page.getByText(/^Order [\da-f]{8} is accepted/).waitFor();
    // A span arrives when it has ended, and so after those below it.
    await expect
      .poll(() => waterfall(page).locator('.span-line .name').allTextContents(), SOON)
      .toEqual([
        'POST /orders',
        'create_order',
        'send order-events',
        'process order-events',
        'process_order_event',
      ]);
    expect(await hopLines(page).textContent()).toMatch(/order-events.*partition 0.*offset \d+.* on the way/);
    await spanLine(page, 'create_order').click();
    expect(await details(page).innerText()).toMatch(/order\.amount\s+12\.5/);
    await picture(page);
    expect(opened!.complaints).toEqual([]);
  });

  it('shows the request for an item, and its reply', async () => {
    const page = await open();
    await placeOrder(page, { Item: 'tea', Quantity: '2' });
    await spanLine(page, 'process inventory.check.reply').waitFor();
    await expect.poll(() => hopLines(page).count(), SOON).toBe(3);
  });

  it('says at the field what order-service finds wrong, and takes the order once it is right', async () => {
    const page = await open();
    await placeOrder(page, { Amount: '-3' });
    await page.getByRole('alert').getByText('expected a positive amount of money').waitFor();
    expect(await page.getByLabel('Amount').getAttribute('aria-invalid')).toBe('true');
    expect(await page.getByLabel('Amount').evaluate((node) => node === document.activeElement)).toBe(true);
    await placeOrder(page, { Amount: '3' });
    await page.getByText(/^Order [\da-f]{8} is accepted/).waitFor();
    expect(await page.getByLabel('Amount').getAttribute('aria-invalid')).toBe(null);
  });

  it('says why an order of an item is refused', async () => {
    const page = await open();
    await placeOrder(page, { Item: 'cocoa', Quantity: '1' });
    await page.locator('#outcome.bad').waitFor();
    expect(await page.locator('#outcome').textContent()).toContain('cocoa');
  });

  it('shows the retries of a poison order, and its dead letter', async () => {
    const page = await open();
    await page.getByRole('button', { name: 'Place a poison order' }).click();
    await spanLine(page, 'send order-events.dlt').waitFor();
    await spanLine(page, 'attempt 3').waitFor();
    await expect.poll(() => spanLine(page, /^process order-events/).count(), SOON).toBe(3);
    const deliveries = await spanLine(page, /^process order-events/).allTextContents();
    expect(deliveries[0]).toContain('✗ MailRefusedError');
    expect(deliveries[1]).toMatch(/attempt 2.*✗ MailRefusedError/);
    expect(deliveries[2]).toMatch(/attempt 3.*! MailRefusedError/);
  });

  it('shows 100 orders that were placed at once', async () => {
    const page = await open();
    await page.getByRole('button', { name: '100 orders in bulk' }).click();
    await page.getByText('100 orders are accepted.').waitFor();
    await page.locator('.trace-facts').getByText('303 spans').waitFor({ timeout: 30_000 });
    expect(await chosenLine(page).textContent()).toContain('POST /orders/bulk');
  });

  it('takes orders while the broker is stopped, and shows their way once it runs again', async () => {
    const page = await open();
    await page.getByRole('button', { name: 'Stop the broker' }).click();
    await page.getByRole('button', { name: 'Start the broker' }).waitFor({ timeout: 30_000 });
    await placeOrder(page, { Customer: 'patient' });
    await page.getByText(/^Order [\da-f]{8} is accepted/).waitFor();
    await spanLine(page, 'create_order').waitFor();
    await page.getByRole('button', { name: 'Start the broker' }).click();
    await page.getByRole('button', { name: 'Stop the broker' }).waitFor({ timeout: 30_000 });
    await expect.poll(() => hopLines(page).count(), { timeout: 90_000 }).toBe(1);
  });
});

describe('the page of the sample with --relation link', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    sample = await serveSample(['--relation', 'link']);
  }, START_MS);
  afterAll(() => sample?.stop());

  it('shows the trace of the consumer joined to that of the order', async () => {
    const page = await open();
    await placeOrder(page);
    const joined = waterfall(page).getByRole('link', { name: /^joined by a link · trace [\da-f]{8}$/ });
    await joined.waitFor();
    await expect
      .poll(() => waterfall(page).locator('.span-line.joined .name').allTextContents(), SOON)
      .toEqual(['process order-events', 'process_order_event']);
    await page.getByRole('button', { name: /^linked from process order-events in trace/ }).click();
    expect(await chosenLine(page).textContent()).toContain('process order-events');
    await page.getByRole('button', { name: /^links to send order-events in trace/ }).click();
    expect(await chosenLine(page).textContent()).toContain('send order-events');
  });
});

/** With `PAGE_PICTURE=sample/trace-viewer/page.png` this file draws the picture of the README again. */
async function picture(page: Page): Promise<void> {
  const path = process.env['PAGE_PICTURE'];
  if (!path) return;
  await spanLine(page, /^process order-events/).click();
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.getByRole('heading', { name: 'Consumer lag' }).waitFor();
  await page.mouse.move(640, 20);
  await page.screenshot({ path });
}
