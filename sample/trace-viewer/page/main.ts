import { byId, setText } from './element.js';
import { listenToKeys } from './keyboard.js';
import { showLag } from './lag/lag-chart.js';
import { Navigation } from './navigation.js';
import type { Route } from './route.js';
import { Experiments } from './sample/experiments.js';
import { listenToEvents } from './server/live-events.js';
import { TraceList } from './traces/trace-list.js';
import { TracePane } from './waterfall/trace-pane.js';

const navigation = new Navigation();
const pane = new TracePane(navigation);
const list = new TraceList((traceId) => void open({ traceId }));
/** The trace of what was just asked for; it is shown as soon as it arrives, unless the reader goes elsewhere before. */
let awaited: string | undefined;
const experiments = new Experiments((traceId) => {
  awaited = traceId;
  showAwaited();
});

async function open(route: Route): Promise<void> {
  awaited = undefined;
  navigation.go(route);
  await pane.shown;
  pane.view?.focus();
}

function show(route: Route): void {
  document.body.dataset['view'] = route.traceId ? 'trace' : 'list';
  list.markOpened(route.traceId);
  pane.show(route);
}

function showAwaited(): void {
  if (awaited === undefined || !list.held.has(awaited)) return;
  navigation.go({ traceId: awaited });
  awaited = undefined;
}

setText(byId('endpoint'), location.origin);
navigation.onChange(show);
listenToKeys(list, pane, navigation);
show(navigation.route);
listenToEvents({
  onTraces(event, everything) {
    list.apply(event, everything);
    pane.apply(event);
    showAwaited();
  },
  onLag: showLag,
  onConnection(state) {
    const connection = byId('connection');
    connection.dataset['state'] = state;
    setText(connection, state === 'live' ? 'live' : 'connecting again');
    if (state === 'live') void experiments.refresh();
  },
});
