import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import type { TraceReceiver } from '../../../../sample/trace-viewer/index.js';
import { startBrowser } from './browser.js';
import { send, type SentSpan } from './sent-spans.js';
import { startViewer } from './viewer.js';
import { openPage, type WatchedPage } from './watched-page.js';

export interface ViewerPage {
  readonly url: string;
  send(spans: readonly SentSpan[]): Promise<void>;
  /** Stops the viewer, does something, and starts a new one at the same place, which holds nothing. */
  restart(meanwhile: () => Promise<void>): Promise<void>;
  /** Lets the browser complain of what a test does on purpose. */
  expectComplaint(pattern: RegExp): void;
  /** Opens the page; whatever the browser complains of fails the test. */
  open(hash?: string, options?: BrowserContextOptions): Promise<Page>;
}

/** What a browser says of a server that is not there. */
const NOBODY = /net::ERR_(CONNECTION_|EMPTY_|INCOMPLETE_)/;

/** A viewer for each test, and a browser for all of a file. */
export function useViewerPage(): ViewerPage {
  const opened: WatchedPage[] = [];
  let browser: Browser;
  let viewer: TraceReceiver;
  let expected: readonly RegExp[];
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    viewer = await startViewer();
    expected = [];
  });
  afterEach(async () => {
    const complaints = opened
      .flatMap((page) => page.complaints)
      .filter((text) => !expected.some((pattern) => pattern.test(text)));
    for (const page of opened.splice(0)) await page.close();
    await viewer.stop();
    expect(complaints).toEqual([]);
  });
  return {
    get url() {
      return viewer.url;
    },
    send: (spans) => send(viewer.url, spans),
    expectComplaint(pattern) {
      expected = [...expected, pattern];
    },
    async restart(meanwhile) {
      expected = [...expected, NOBODY];
      await viewer.stop();
      await meanwhile();
      viewer = await startViewer(Number(new URL(viewer.url).port));
    },
    async open(hash = '', options = {}) {
      const watched = await openPage(browser, `${viewer.url}/${hash}`, options);
      opened.push(watched);
      return watched.page;
    },
  };
}
