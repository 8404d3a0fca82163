// A question before something that cannot be taken back.

import { say } from './sentences.js';

export class Question {
  #dialog;

  constructor(dialog) {
    this.#dialog = dialog;
    for (const button of dialog.querySelectorAll('button')) {
      button.addEventListener('click', () => dialog.close(button.className));
    }
  }

  // Whether the person says yes; `yes` is what stands on that button.
  ask(sentence, yes) {
    const dialog = this.#dialog;
    dialog.querySelector('p').textContent = sentence;
    dialog.querySelector('.confirm-yes').textContent = yes;
    dialog.querySelector('.confirm-no').textContent = say('keep');
    dialog.returnValue = '';
    dialog.showModal();
    return new Promise((resolve) => {
      dialog.addEventListener('close', () => resolve(dialog.returnValue === 'confirm-yes'), { once: true });
    });
  }
}
