// Asks before an action that cannot be undone.

import { say } from './sentences.js';

export class Question {
  #dialog;
  // Resolves the present question.
  #settle = () => {};

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

  // Resolves to whether the person says yes. `yes` is the text of that button.
  ask(sentence, yes) {
    const dialog = this.#dialog;
    this.#settle(false);
    dialog.querySelector('p').textContent = sentence;
    dialog.querySelector('.confirm-yes').textContent = yes;
    dialog.querySelector('.confirm-no').textContent = say('keep');
    dialog.showModal();
    return new Promise((resolve) => {
      this.#settle = resolve;
    });
  }
}
