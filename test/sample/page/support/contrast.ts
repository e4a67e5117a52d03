import type { Page } from 'playwright-core';

type Rgb = readonly number[];

interface PaintedText {
  readonly text: string;
  readonly color: Rgb;
  readonly ground: Rgb;
}

/** The texts that stand out from their ground by less than `least`; 4.5 is what WCAG asks for. */
export async function faintTexts(page: Page, least: number): Promise<readonly string[]> {
  const texts = await paintedTexts(page);
  return texts
    .map(({ text, color, ground }) => ({
      text,
      contrast: contrastOf(luminanceOf(color), luminanceOf(ground)),
    }))
    .filter(({ contrast }) => contrast < least)
    .map(({ text, contrast }) => `${contrast.toFixed(2)} ${text}`);
}

/** Every text that can be seen, in the colours that the browser mixes. */
function paintedTexts(page: Page): Promise<readonly PaintedText[]> {
  return page.evaluate(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!;
    const mixed = (colors: readonly string[]): readonly number[] => {
      for (const color of colors) {
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
      }
      return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const grounds = (element: Element | null): readonly string[] =>
      element ? [...grounds(element.parentElement), getComputedStyle(element).backgroundColor] : [];
    return [...document.querySelectorAll<HTMLElement>('body *')]
      .filter((element) => element.checkVisibility() && element.getClientRects().length > 0)
      .filter(({ childNodes }) =>
        [...childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.nodeValue?.trim()),
      )
      .map((element) => ({
        text: `${element.className}: ${element.textContent}`,
        color: mixed([...grounds(element), getComputedStyle(element).color]),
        ground: mixed(grounds(element)),
      }));
  });
}

/** @see https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function contrastOf(one: number, other: number): number {
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}

function luminanceOf([red = 0, green = 0, blue = 0]: Rgb): number {
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

function linear(channel: number): number {
  const value = channel / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}
