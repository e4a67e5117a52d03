import type { Locator, Page } from 'playwright-core';

/** The parts of the page, by what a reader, or a screen reader, finds them by. */
export const list = (page: Page): Locator => page.getByRole('listbox', { name: 'Latest traces' });
export const tracesIn = (page: Page): Locator => list(page).getByRole('option');
export const waterfall = (page: Page): Locator => page.getByRole('treegrid');
/** A span's line; a regular expression finds it by all that the line says. */
export const spanLine = (page: Page, text: string | RegExp): Locator =>
  waterfall(page).locator('.span-line').filter({ hasText: text });
export const hopLines = (page: Page): Locator => waterfall(page).locator('.hop-line');
export const chosenLine = (page: Page): Locator => waterfall(page).getByRole('row', { selected: true });
export const details = (page: Page): Locator =>
  page.getByRole('complementary', { name: 'Details of the span' });

export async function openTrace(page: Page, title: string | RegExp): Promise<void> {
  await tracesIn(page).filter({ hasText: title }).first().click();
  await chosenLine(page).waitFor();
}
