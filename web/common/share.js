// The dialog that makes a link for one download.

import { copies } from './copy.js';
import { nameOf } from './names.js';
import { moment } from './numbers.js';
import { sayReadFailure } from './problems.js';
import { say } from './sentences.js';

export class Share {
  #dialog;
  #server;
  #announce;
  #fileId;
  // The ticket of the shown link.
  #ticketId;

  constructor(dialog, server, announce) {
    this.#dialog = dialog;
    this.#server = server;
    this.#announce = announce;
    this.#part('.share-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#make();
    });
    this.#part('.revoke-link').addEventListener('click', () => this.#revoke());
    this.#part('.share-close').addEventListener('click', () => dialog.close());
    // The link is a secret, so it does not stay in the document.
    dialog.addEventListener('close', () => this.#forget());
    this.#link.addEventListener('focus', () => this.#link.select());
    copies(this.#part('.copy-link'), () => this.#link.value, announce);
  }

  // Opens the dialog for that file, and asks how long the link shall work.
  open(record) {
    this.#forget();
    this.#fileId = record.id;
    this.#part('.share-file').textContent = nameOf(record);
    this.#dialog.showModal();
    this.#part('select').focus();
  }

  async #make() {
    await this.#try(async () => {
      const fileId = this.#fileId;
      const made = await this.#server.makeTicket(fileId, Number(this.#part('select').value));
      // The dialog was closed or has another file, so nobody would see the link.
      if (!this.#dialog.open || fileId !== this.#fileId) return this.#server.revokeTicket(made.ticket_id);
      this.#ticketId = made.ticket_id;
      const link = new URL(made.page_path, location.origin);
      link.hash = made.ticket;
      this.#link.value = link.href;
      this.#part('#share-until').textContent = say('shareMade', { moment: moment(made.expires_at_ms) });
      this.#show(true);
      this.#part('.copy-link').focus();
      this.#announce(say('announceMade'));
      return undefined;
    });
  }

  async #revoke() {
    await this.#try(async () => {
      await this.#server.revokeTicket(this.#ticketId);
      this.#forget();
      this.#part('select').focus();
      this.#announce(say('announceRevoked'));
    });
  }

  // Runs one action at a time, and shows a failure in the dialog.
  async #try(wish) {
    const buttons = [this.#part('.make-link'), this.#part('.revoke-link')];
    for (const button of buttons) button.disabled = true;
    const problem = this.#part('.share-problem');
    problem.hidden = true;
    try {
      await wish();
    } catch (failure) {
      if (typeof failure?.code !== 'string') throw failure;
      const { text, next } = sayReadFailure(failure);
      problem.textContent = `${text} ${next}`;
      problem.hidden = false;
    } finally {
      for (const button of buttons) button.disabled = false;
    }
  }

  #forget() {
    this.#ticketId = undefined;
    this.#link.value = '';
    this.#part('.share-problem').hidden = true;
    this.#show(false);
  }

  #show(isMade) {
    this.#part('.share-form').hidden = isMade;
    this.#part('.share-made').hidden = !isMade;
  }

  get #link() {
    return this.#part('#share-link');
  }

  #part(selector) {
    return this.#dialog.querySelector(selector);
  }
}
