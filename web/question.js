// A question before something that cannot be taken back.

import { say } from './sentences.js';

export class Question {
  #dialog;
  // Takes the answer to what is asked now.
  #settle = () => {};

  constructor(dialog) {
    this.#dialog = dialog;
    for (const button of dialog.querySelectorAll('button')) {
      button.addEventListener('click', () => {
        // Here, and not on `close`: that event comes later, when the next question may be asked already.
        this.#settle(button.className === 'confirm-yes');
        dialog.close();
      });
    }
    // By the Escape key.
    dialog.addEventListener('close', () => {
      if (!dialog.open) this.#settle(false);
    });
  }

  // Whether the person says yes; `yes` is what stands on that button.
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
