import { describe, expect, it } from 'vitest';
import { orderIn, poisonOrderIn } from './support/order-spans.js';
import { chosenLine, list, tracesIn } from './support/page-parts.js';
import { type SentSpan, traceId } from './support/sent-spans.js';
import { useViewerPage } from './support/viewer-page.js';

const viewer = useViewerPage();

const request = (index: number): SentSpan => {
  return {
    trace: `r${index}`,
    id: 'x',
    name: `GET /items/${index}`,
    kind: 'SERVER',
    from: index,
    to: index + 3,
  };
};
const requests = (count: number, first = 0): readonly SentSpan[] =>
  Array.from({ length: count }, (_, index) => request(first + index));

/** Some hundred traces in a second: more would push each out of the viewer's memory before anybody can click on it. */
const paceOfStream = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 25));

describe('the list of traces', () => {
  it('says what to do while there is nothing, and shows a trace as soon as it arrives', async () => {
    const page = await viewer.open();
    await page.getByText('No traces yet.').waitFor();
    expect(await page.locator('#no-traces pre').textContent()).toContain(
      `OTEL_EXPORTER_OTLP_ENDPOINT=${viewer.url}`,
    );
    expect(await page.locator('#sample').isVisible()).toBe(false);
    await viewer.send(orderIn('a1'));
    await tracesIn(page).first().waitFor();
    expect(await tracesIn(page).first().textContent()).toMatch(
      /POST \/orders40.0 ms.*order-service.*notification-service.*5 spans.*1 message/,
    );
    expect(await page.getByText('No traces yet.').isVisible()).toBe(false);
  });

  it('has the latest first, and can be narrowed to a text and to errors', async () => {
    await viewer.send([...requests(3), ...poisonOrderIn('a1')]);
    const page = await viewer.open();
    await tracesIn(page).nth(3).waitFor();
    expect(await tracesIn(page).locator('.title').allTextContents()).toEqual([
      'GET /items/2',
      'GET /items/1',
      expect.any(String),
      expect.any(String),
    ]);
    await page.getByRole('checkbox', { name: 'errors only' }).check();
    await page.getByText('1 of 4').waitFor();
    expect(await tracesIn(page).locator('.title').allTextContents()).toEqual(['POST /orders']);
    await page.getByRole('searchbox').fill('items');
    await page.getByText('No trace matches the filter.').waitFor();
    await page.getByRole('button', { name: 'Show all' }).click();
    await tracesIn(page).nth(3).waitFor();
    await page.getByRole('searchbox').fill(traceId('r1').slice(0, 8));
    await page.getByText('1 of 4').waitFor();
  });

  it('opens a trace at once among 1,000, while spans stream in', { timeout: 60_000 }, async () => {
    await viewer.send(requests(1000));
    const page = await viewer.open();
    await page.getByText('1000', { exact: true }).waitFor();
    const end = new AbortController();
    let sent = 0;
    const stream = (async () => {
      while (!end.signal.aborted) {
        await viewer.send(requests(10, 1000 + sent));
        sent += 10;
        await paceOfStream();
      }
    })();
    try {
      // From the list as it moves: a line that slips away below the pointer would open another trace, or none.
      const line = tracesIn(page).nth(2);
      await line.hover();
      const title = (await page.locator('.trace-line:hover .title').textContent())!;
      await page.mouse.down();
      const before = sent;
      await expect.poll(() => sent, { timeout: 15_000 }).toBeGreaterThan(before + 100);
      await page.mouse.up();
      await page.getByRole('heading', { name: title, exact: true, level: 2 }).waitFor({ timeout: 5000 });
      await page.keyboard.press('Escape');
      await page.getByRole('heading', { name: 'Choose a trace' }).waitFor({ timeout: 5000 });
      const latest = `GET /items/${1000 + sent - 1}`;
      await page.getByRole('searchbox').fill(latest);
      await tracesIn(page).filter({ hasText: latest }).click({ timeout: 5000 });
      await chosenLine(page).getByText(latest).waitFor({ timeout: 5000 });
    } finally {
      end.abort();
      await stream;
    }
    await page.getByRole('searchbox').fill('');
    await list(page).waitFor();
    expect(await tracesIn(page).count()).toBeLessThan(60);
  });

  it('holds still for a reader who has scrolled, and says how much is new above', async () => {
    await viewer.send(requests(200));
    const page = await viewer.open();
    await tracesIn(page).first().waitFor();
    await page.mouse.move(900, 400);
    await list(page).evaluate((node) => (node.scrollTop = 4000));
    const shown = tracesIn(page).filter({ hasText: 'GET /items/147' });
    const before = await shown.boundingBox();
    await viewer.send(requests(30, 1000));
    await page.getByRole('button', { name: '↑ 80 newer traces' }).waitFor();
    expect(await shown.boundingBox()).toEqual(before);
    await page.getByRole('button', { name: '↑ 80 newer traces' }).click();
    await tracesIn(page).filter({ hasText: 'GET /items/1029' }).waitFor();
  });

  it('says so while the viewer is away, and is live again with what is there then', async () => {
    await viewer.send(requests(1));
    const page = await viewer.open();
    await page.getByText('live', { exact: true }).waitFor();
    await tracesIn(page).filter({ hasText: 'GET /items/0' }).waitFor();
    await viewer.restart(() => page.getByText('connecting again').waitFor());
    await viewer.send(requests(1, 7));
    await page.getByText('live', { exact: true }).waitFor();
    await tracesIn(page).filter({ hasText: 'GET /items/7' }).waitFor();
    expect(await tracesIn(page).count()).toBe(1);
  });
});
