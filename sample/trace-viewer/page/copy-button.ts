import { element } from './element.js';

const SHOWN_MS = 1500;

/** Puts a text on the clipboard, and says that it did. */
export function copyButton(text: string, what: string): HTMLButtonElement {
  const button = element('button', { type: 'button', class: 'copy', 'aria-label': `Copy ${what}` }, 'copy');
  const copyAndSay = async (): Promise<void> => {
    button.textContent = (await copy(text)) ? 'copied' : 'press Ctrl+C';
    setTimeout(() => (button.textContent = 'copy'), SHOWN_MS);
  };
  button.addEventListener('click', () => void copyAndSay());
  return button;
}

/** A browser may refuse the clipboard; the text can then still be selected by hand. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
