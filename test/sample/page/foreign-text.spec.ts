import { describe, expect, it } from 'vitest';
import { details, openTrace, spanLine, tracesIn } from './support/page-parts.js';
import { useViewerPage } from './support/viewer-page.js';

const viewer = useViewerPage();

const MARKUP = `<img src=x onerror="document.title='run'"><script>document.title='run'</script>`;

describe('text of other processes', () => {
  it('is shown as it is, wherever it stands, and never becomes a part of the page', async () => {
    await viewer.send([
      {
        trace: 'a1',
        id: 'p',
        service: MARKUP,
        name: MARKUP,
        kind: 'CONSUMER',
        from: 0,
        to: 5,
        attributes: {
          'messaging.system.name': 'kafka',
          'messaging.destination.name': MARKUP,
          'messaging.destination.partition.id': MARKUP,
          [MARKUP]: MARKUP,
        },
        error: MARKUP,
        exception: MARKUP,
      },
      {
        trace: 'b2',
        id: 'q',
        service: MARKUP,
        name: MARKUP,
        from: 9,
        to: 10,
        links: [{ trace: 'a1', id: 'p' }],
      },
    ]);
    const page = await viewer.open();
    await tracesIn(page).nth(1).waitFor();
    await openTrace(page, '1 error');
    await spanLine(page, '✗').click();
    expect(await page.locator('.span-line .name').first().textContent()).toBe(MARKUP);
    expect(await details(page).innerText()).toContain(MARKUP);
    expect(await page.locator('img, main script').count()).toBe(0);
    expect(await page.title()).toBe(`${MARKUP} · Traces`);
  });

  it('does not push the page apart, however long it is', async () => {
    const long = 'x'.repeat(1500);
    const attributes = { [long]: long };
    await viewer.send([
      { trace: 'a1', id: 'p', service: long, name: long, from: 0, to: 5, attributes, error: long },
    ]);
    const page = await viewer.open();
    await openTrace(page, 'xxx');
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
    expect((await spanLine(page, 'xxx').boundingBox())!.height).toBe(30);
  });
});
