// The list of the caller's links: whether each was used, when it expires, and buttons that change or revoke it.

import { attempt } from './attempt.js';
import { copyOf, find, part } from './find.js';
import { nameOf } from './names.js';
import { moment } from './numbers.js';
import { pageOf } from './record.js';
import { say, sayAll } from './sentences.js';

/** @import { TicketState, TicketSummary } from '../module/api.js' */
/** @import { Announce } from './announcer.js' */
/** @import { Key } from './sentences.js' */
/** @import { Server } from './server.js' */

/** @type {Record<TicketState, Key>} */
const SENTENCES = { waiting: 'linkWaiting', reading: 'linkReading', used: 'linkUsed', expired: 'linkExpired', revoked: 'linkRevoked' };

export class Links {
  #details;
  #server;
  #announce;
  /**
   * The file whose links are listed; without one it is all files.
   *
   * @type {string | undefined}
   */
  #fileId;
  /** @type {string | undefined} */
  #cursor;

  /**
   * @param {HTMLDetailsElement} details
   * @param {Server} server
   * @param {Announce} announce
   */
  constructor(details, server, announce) {
    this.#details = details;
    this.#server = server;
    this.#announce = announce;
    // The links are requested when somebody wants to see them.
    details.addEventListener('toggle', () => details.open && this.#load());
    this.#part('links-more').addEventListener('click', () => this.#more());
  }

  /**
   * Offers the list of the links to that file, or to all files.
   *
   * @param {string} [fileId]
   */
  offer(fileId) {
    this.#fileId = fileId;
    this.#details.hidden = false;
    this.reload();
  }

  // Shows links that were made or revoked elsewhere on the page.
  reload() {
    if (this.#details.open) this.#load();
  }

  async #load() {
    this.#cursor = undefined;
    await this.#try(async () => {
      const links = await this.#page();
      this.#list.replaceChildren(...links);
    });
    const none = this.#part('links-none');
    none.hidden = this.#list.childElementCount > 0 || !this.#part('links-problem').hidden;
    none.textContent = none.hidden ? '' : say('linksNone');
  }

  async #more() {
    await this.#try(async () => {
      const links = await this.#page();
      this.#list.append(...links);
      // The button may be gone, so the focus goes to the first new link.
      links[0]?.focus();
    });
  }

  async #page() {
    const { tickets, next_cursor: cursor } = await this.#server.tickets({ fileId: this.#fileId, cursor: this.#cursor });
    this.#cursor = cursor;
    this.#part('links-more').hidden = cursor === undefined;
    return tickets.map((ticket) => this.#listed(ticket));
  }

  /** @param {TicketSummary} ticket */
  #listed(ticket) {
    const element = copyOf(find('listed-link', 'template'));
    const its = (/** @type {string} */ name) => part(element, name);
    const name = nameOf(ticket);
    const made = moment(ticket.made_at_ms);
    sayAll(element, { name, made });
    element.dataset.state = ticket.state;
    its('link-file').hidden = this.#fileId !== undefined;
    its('link-name').textContent = name;
    part(element, 'link-page', 'a').href = pageOf(ticket.file_id);
    const times = {
      moment: moment(ticket.expires_at_ms),
      used: moment(ticket.redeemed_at_ms ?? 0),
      until: moment(ticket.readable_until_ms ?? 0),
      revoked: moment(ticket.revoked_at_ms ?? 0),
    };
    its('link-status').textContent = `${say('linkMade', { made })} · ${say(SENTENCES[ticket.state], times)}`;
    its('link-expiry').hidden = its('link-set').hidden = ticket.state !== 'waiting';
    its('link-change').hidden = ticket.state !== 'waiting' && ticket.state !== 'reading';
    its('link-change').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#change(element, ticket, Number(part(element, 'link-ends', 'select').value));
    });
    its('link-revoke').addEventListener('click', () => this.#revoke(element, ticket));
    return element;
  }

  /**
   * @param {HTMLElement} element
   * @param {TicketSummary} ticket
   * @param {number} seconds
   */
  async #change(element, ticket, seconds) {
    await this.#try(async () => {
      const changed = await this.#server.changeTicket(ticket.ticket_id, seconds);
      this.#replace(element, changed);
      this.#announce(say('announceChanged', { moment: moment(changed.expires_at_ms) }));
    });
  }

  /**
   * @param {HTMLElement} element
   * @param {TicketSummary} ticket
   */
  async #revoke(element, ticket) {
    await this.#try(async () => {
      await this.#server.revokeTicket(ticket.ticket_id);
      this.#replace(element, { ...ticket, state: 'revoked', revoked_at_ms: Date.now() });
      this.#announce(say('announceRevoked'));
    });
  }

  /**
   * @param {HTMLElement} element
   * @param {TicketSummary} ticket
   */
  #replace(element, ticket) {
    const changed = this.#listed(ticket);
    element.replaceWith(changed);
    changed.focus();
  }

  /** @param {() => Promise<void>} action */
  #try(action) {
    return attempt(this.#part('links-problem'), action);
  }

  get #list() {
    return this.#part('links-list');
  }

  /** @param {string} name */
  #part(name) {
    return part(this.#details, name);
  }
}
