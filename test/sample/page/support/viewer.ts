import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startTraceReceiver, type TraceReceiver, TraceStore } from '../../../../sample/trace-viewer/index.js';

const BUILT_PAGE = fileURLToPath(new URL('../../../../dist/sample/trace-viewer/page', import.meta.url));

/** The receiver of spans with the page that the build has made. */
export async function startViewer(port = 0): Promise<TraceReceiver> {
  if (!existsSync(BUILT_PAGE)) throw new Error('The page is not built: run `npm run build` first');
  return startTraceReceiver({ store: new TraceStore(), port, pageFolder: BUILT_PAGE });
}
