import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { linkedOrder, poisonOrderIn } from './support/order-spans.js';
import { openTrace, tracesIn } from './support/page-parts.js';
import { useViewerPage } from './support/viewer-page.js';

const viewer = useViewerPage();

/** The least contrast of any text with what is behind it, and the text that has it. 4.5 is what WCAG asks for. */
function leastContrast(page: Page): Promise<{ readonly contrast: number; readonly text: string }> {
  return page.evaluate(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!;
    /** Any CSS colour over another one, as the browser mixes them. */
    const mixed = (colors: readonly string[]): readonly number[] => {
      for (const color of colors) {
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
      }
      return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const luminance = (rgb: readonly number[]): number =>
      rgb
        .map((value) => value / 255)
        .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
        .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index]!, 0);
    const backgrounds = (element: Element | null): readonly string[] =>
      element ? [...backgrounds(element.parentElement), getComputedStyle(element).backgroundColor] : [];
    const contrasts = [...document.querySelectorAll<HTMLElement>('body *')]
      .filter((element) => element.checkVisibility() && element.getClientRects().length > 0)
      .filter(({ childNodes }) =>
        [...childNodes].some((node) => node.nodeType === 3 && node.nodeValue!.trim() !== ''),
      )
      .map((element) => {
        const behind = backgrounds(element);
        const [one, other] = [
          luminance(mixed(behind)),
          luminance(mixed([...behind, getComputedStyle(element).color])),
        ];
        const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
        return { contrast, text: `${element.className}: ${element.textContent}` };
      });
    return contrasts.reduce((least, one) => (one.contrast < least.contrast ? one : least));
  });
}

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
        const { contrast, text } = await leastContrast(page);
        expect(contrast, text).toBeGreaterThanOrEqual(4.5);
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
