// Gets the API key from the form, from another open page, or from a function of an embedding page. The key is kept in
// memory only.

import { part } from './find.js';
import { say } from './sentences.js';

/**
 * Returns a fresh key or nothing.
 *
 * @typedef {() => Promise<string | undefined> | string | undefined} KeySource
 */

const PRINTABLE = /^[!-~]+$/;
const AT_ONCE_MS = 10_000;
const MOST_REFUSED_AT_ONCE = 2;

export class Login {
  #form;
  #sources;
  #actions;
  /** @type {string | undefined} */
  #apiKey;
  #isAsking = false;
  /**
   * A promise of whether a key came by itself for the present question.
   *
   * @type {Promise<boolean> | undefined}
   */
  #came;
  // When a source gave the last key, and how many keys in a row were refused right away.
  #refreshedAt = -Infinity;
  #refusedAtOnce = 0;

  /**
   * `asked` is called when the form needs an answer. Missing sources are skipped.
   *
   * @param {HTMLFormElement} form
   * @param {(KeySource | undefined)[]} sources
   * @param {{ use: (apiKey: string) => void, declined: () => void, asked: () => void }} actions
   */
  constructor(form, sources, actions) {
    this.#form = form;
    this.#sources = sources.filter((source) => source !== undefined);
    this.#actions = actions;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const apiKey = this.#input.value.trim();
      // A request's header can carry only these characters.
      this.#input.setCustomValidity(PRINTABLE.test(apiKey) ? '' : say('apiKeyMarks'));
      if (form.reportValidity()) this.#use(apiKey);
    });
    this.#input.addEventListener('input', () => this.#input.setCustomValidity(''));
    this.#decline.addEventListener('click', () => {
      this.#isAsking = false;
      this.#decline.hidden = true;
      actions.declined();
    });
  }

  get apiKey() {
    return this.#apiKey;
  }

  // Offers the form. The server wants a key, but nothing waits for it yet.
  async offer() {
    if (this.#apiKey) return;
    const fresh = await this.#refreshed();
    if (fresh) this.#use(fresh);
    else this.#form.hidden = false;
  }

  // Asks for a key that a request waits for. The person is asked once, however many requests wait. Resolves to
  // whether a key came by itself, so that the request may be repeated.
  need() {
    if (!this.#isAsking) this.#came = this.#ask();
    return this.#came;
  }

  // Closes the form, because nothing waits for a key any more.
  dismiss() {
    this.#isAsking = false;
    this.#decline.hidden = true;
    this.#form.hidden = true;
  }

  async #ask() {
    const refused = this.#apiKey;
    this.#isAsking = true;
    const isAtOnce = performance.now() - this.#refreshedAt < AT_ONCE_MS;
    this.#refusedAtOnce = isAtOnce ? this.#refusedAtOnce + 1 : 0;
    const fresh = this.#refusedAtOnce < MOST_REFUSED_AT_ONCE ? await this.#refreshed() : undefined;
    // The person may have typed a key in the meantime.
    if (!this.#isAsking) return this.#apiKey !== refused;
    if (fresh) {
      this.#use(fresh);
      return true;
    }
    part(this.#form, 'note').textContent = say(refused ? 'apiKeyRefused' : 'apiKeyNote');
    this.#form.hidden = false;
    this.#decline.hidden = false;
    this.#input.focus();
    this.#actions.asked();
    return false;
  }

  async #refreshed() {
    for (const source of this.#sources) {
      try {
        const fresh = (await source())?.trim();
        this.#refreshedAt = performance.now();
        // The key that was refused is not fresh.
        if (fresh && fresh !== this.#apiKey && PRINTABLE.test(fresh)) return fresh;
      } catch {
        // The next source may have a key.
      }
    }
    return undefined;
  }

  /** @param {string} apiKey */
  #use(apiKey) {
    this.#apiKey = apiKey;
    this.#isAsking = false;
    this.#decline.hidden = true;
    this.#actions.use(apiKey);
  }

  get #input() {
    return part(this.#form, 'api-key', 'input');
  }

  get #decline() {
    return part(this.#form, 'decline');
  }
}
