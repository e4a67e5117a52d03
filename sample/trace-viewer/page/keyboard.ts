import type { Navigation } from './navigation.js';
import type { TraceList } from './traces/trace-list.js';
import type { TracePane } from './waterfall/trace-pane.js';

/** Every key of the page, in one place: most go to the list or to the waterfall, whichever has the focus. */
export function listenToKeys(list: TraceList, pane: TracePane, navigation: Navigation): void {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const focused = event.target as HTMLElement;
    const isText = focused.matches('input, select, textarea');
    if (meaning(event.key, focused, isText)) event.preventDefault();
  });

  function meaning(key: string, focused: HTMLElement, isText: boolean): boolean {
    if (key === 'Escape') return backToList();
    // From the filter, down into what it found.
    if (focused.id === 'filter' && (key === 'ArrowDown' || key === 'Enter')) return intoList(key);
    if (isText) return false;
    if (key === '/') {
      list.focusFilter();
      return true;
    }
    // A button or link does with Enter what it is there for; with the other keys nothing.
    if (key === 'Enter' && focused.matches('button, a, summary')) return false;
    return inTrace(focused) ? pane.view!.press(key) : list.press(key);
  }

  function inTrace(focused: HTMLElement): boolean {
    if (!pane.view) return false;
    const isNowhere = focused === document.body;
    return isNowhere || pane.view.contains(focused) || focused.closest('.details button') !== null;
  }

  function intoList(key: string): boolean {
    list.focus();
    if (key !== 'Enter') return list.press(key);
    return list.press('Home') && list.press(key);
  }

  function backToList(): boolean {
    if (navigation.route.traceId) navigation.go({});
    list.focus();
    return true;
  }
}
