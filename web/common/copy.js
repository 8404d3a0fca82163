// Copies a text, and says so on the button.

import { say } from './sentences.js';

/** @import { Announce } from './announcer.js' */
/** @import { Key } from './sentences.js' */

const SHOWN_MS = 2000;

/**
 * Makes a click on `button` copy what `text` returns then.
 *
 * @param {HTMLElement} button
 * @param {() => string} text
 * @param {Announce} announce
 */
export function copies(button, text, announce) {
  const label = button.textContent;
  button.addEventListener('click', async () => {
    /** @type {Key} */
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
