// Copying, and saying on the button that it happened.

import { say } from './sentences.js';

const SHOWN_MS = 2000;

// Clicking `button` copies what `text` gives then.
export function copies(button, text, announce) {
  const label = button.textContent;
  button.addEventListener('click', async () => {
    let outcome = 'copied';
    try {
      await navigator.clipboard.writeText(text());
    } catch {
      outcome = 'copyRefused';
    }
    announce(say(outcome));
    button.textContent = say(outcome);
    setTimeout(() => {
      button.textContent = label;
    }, SHOWN_MS);
  });
}
