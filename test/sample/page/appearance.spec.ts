import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { faintTexts } from './support/contrast.js';
import { linkedOrder, poisonOrderIn } from './support/order-spans.js';
import { openTrace, tracesIn } from './support/page-parts.js';
import { useViewerPage } from './support/viewer-page.js';

const viewer = useViewerPage();

async function openEverything(colorScheme: 'light' | 'dark'): Promise<Page> {
  await viewer.send([...poisonOrderIn('a1'), ...linkedOrder('b2', 'c3')]);
  const page = await viewer.open('', { colorScheme });
  await tracesIn(page).nth(2).waitFor();
  return page;
}

const groundOf = (page: Page): Promise<string> =>
  page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);

describe('the page', () => {
  it('follows the reader to light and dark', async () => {
    const page = await openEverything('light');
    const light = await groundOf(page);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await groundOf(page)).not.toBe(light);
  });

  it.each(['light', 'dark'] as const)(
    'can be read in %s: every text stands out from its ground',
    async (scheme) => {
      const page = await openEverything(scheme);
      for (const title of [/2 retries/, /1 linked trace/]) {
        await openTrace(page, title);
        expect(await faintTexts(page, 4.5)).toEqual([]);
      }
    },
  );

  it('shows the list or the trace where there is no room for both', async () => {
    await viewer.send(poisonOrderIn('a1'));
    const page = await viewer.open('', { viewport: { width: 400, height: 800 } });
    await tracesIn(page).first().waitFor();
    expect(await page.locator('#trace').isVisible()).toBe(false);
    await openTrace(page, 'POST /orders');
    expect(await page.getByRole('listbox').isVisible()).toBe(false);
    await page.getByRole('link', { name: '‹ all traces' }).click();
    await tracesIn(page).first().waitFor();
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
  });
});
