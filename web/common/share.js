// The dialog that makes a link for one download.

import { attempt } from './attempt.js';
import { copies } from './copy.js';
import { find, part } from './find.js';
import { nameOf } from './names.js';
import { moment } from './numbers.js';
import { say } from './sentences.js';

/** @import { UnreadableField } from '../module/api.js' */
/** @import { Announce } from './announcer.js' */
/** @import { Server } from './server.js' */

export class Share {
  #dialog;
  #server;
  #announce;
  #fileId = '';
  /**
   * The ticket of the shown link.
   *
   * @type {string | undefined}
   */
  #ticketId;

  /**
   * @param {HTMLDialogElement} dialog
   * @param {Server} server
   * @param {Announce} announce
   */
  constructor(dialog, server, announce) {
    this.#dialog = dialog;
    this.#server = server;
    this.#announce = announce;
    this.#part('share-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#make();
    });
    this.#part('revoke-link').addEventListener('click', () => this.#revoke());
    this.#part('share-close').addEventListener('click', () => dialog.close());
    // The link is a secret, so it does not stay in the document.
    dialog.addEventListener('close', () => this.#forget());
    this.#link.addEventListener('focus', () => this.#link.select());
    copies(this.#part('copy-link'), () => this.#link.value, announce);
  }

  /**
   * Opens the dialog for that file, and asks how long the link shall work.
   *
   * @param {{ id: string, name: string, unreadable?: UnreadableField[] }} record
   */
  open(record) {
    this.#forget();
    this.#fileId = record.id;
    this.#part('share-file').textContent = nameOf(record);
    this.#dialog.showModal();
    this.#ends.focus();
  }

  async #make() {
    await this.#try(async () => {
      const fileId = this.#fileId;
      const made = await this.#server.makeTicket(fileId, Number(this.#ends.value));
      // The dialog was closed or has another file, so nobody would see the link.
      if (!this.#dialog.open || fileId !== this.#fileId) {
        await this.#server.revokeTicket(made.ticket_id);
        return;
      }
      this.#ticketId = made.ticket_id;
      const link = new URL(made.page_path, location.origin);
      link.hash = made.ticket;
      this.#link.value = link.href;
      find('share-until').textContent = say('shareMade', { moment: moment(made.expires_at_ms) });
      this.#show(true);
      this.#part('copy-link').focus();
      this.#announce(say('announceMade'));
    });
  }

  async #revoke() {
    await this.#try(async () => {
      if (this.#ticketId) await this.#server.revokeTicket(this.#ticketId);
      this.#forget();
      this.#ends.focus();
      this.#announce(say('announceRevoked'));
    });
  }

  /**
   * Runs one action at a time, and shows a failure in the dialog.
   *
   * @param {() => Promise<void>} action
   */
  async #try(action) {
    const buttons = [part(this.#dialog, 'make-link', 'button'), part(this.#dialog, 'revoke-link', 'button')];
    for (const button of buttons) button.disabled = true;
    try {
      await attempt(this.#part('share-problem'), action);
    } finally {
      for (const button of buttons) button.disabled = false;
    }
  }

  #forget() {
    this.#ticketId = undefined;
    this.#link.value = '';
    this.#part('share-problem').hidden = true;
    this.#show(false);
  }

  /** @param {boolean} isMade */
  #show(isMade) {
    this.#part('share-form').hidden = isMade;
    this.#part('share-made').hidden = !isMade;
  }

  get #link() {
    return find('share-link', 'input');
  }

  get #ends() {
    return find('share-ends', 'select');
  }

  /** @param {string} name */
  #part(name) {
    return part(this.#dialog, name);
  }
}
