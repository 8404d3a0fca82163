// Asks before an action that cannot be undone.

import { part } from './find.js';
import { say } from './sentences.js';

export class Question {
  #dialog;
  /**
   * Resolves the present question.
   *
   * @type {(yes: boolean) => void}
   */
  #settle = () => {};

  /** @param {HTMLDialogElement} dialog */
  constructor(dialog) {
    this.#dialog = dialog;
    for (const button of dialog.querySelectorAll('button')) {
      button.addEventListener('click', () => {
        // The answer is taken here because `close` comes later, when the next question may be open already.
        this.#settle(button.className === 'confirm-yes');
        dialog.close();
      });
    }
    // The Escape key means no.
    dialog.addEventListener('close', () => {
      if (!dialog.open) this.#settle(false);
    });
  }

  /**
   * Resolves to whether the person says yes. `yes` is the text of that button.
   *
   * @param {string} sentence
   * @param {string} yes
   * @returns {Promise<boolean>}
   */
  ask(sentence, yes) {
    const dialog = this.#dialog;
    this.#settle(false);
    part(dialog, 'question-text').textContent = sentence;
    part(dialog, 'confirm-yes').textContent = yes;
    part(dialog, 'confirm-no').textContent = say('keep');
    dialog.showModal();
    return new Promise((resolve) => {
      this.#settle = resolve;
    });
  }
}
