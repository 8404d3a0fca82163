// The API key: typed into the form, or brought by another open page or by the function that an embedding page gives. In
// memory only.

import { say } from './sentences.js';

const PRINTABLE = /^[!-~]+$/;
const AT_ONCE_MS = 10_000;
const MOST_REFUSED_AT_ONCE = 2;

export class Login {
  #form;
  #sources;
  #wishes;
  #apiKey;
  #isAsking = false;
  // Whether a key came by itself, of the question under way.
  #came;
  // When a source gave the last key, and how many were refused as soon as they were there.
  #refreshedAt = -Infinity;
  #refusedAtOnce = 0;

  // `wishes` has `use(apiKey)`, `declined()` and `asked()`, which is called when the form needs an answer.
  // `sources` are async functions that give a fresh key, or nothing; what is not there is left out.
  constructor(form, sources, wishes) {
    this.#form = form;
    this.#sources = sources.filter(Boolean);
    this.#wishes = wishes;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const apiKey = this.#input.value.trim();
      // Nothing else can be sent in a request's head.
      this.#input.setCustomValidity(PRINTABLE.test(apiKey) ? '' : say('apiKeyMarks'));
      if (form.reportValidity()) this.#use(apiKey);
    });
    this.#input.addEventListener('input', () => this.#input.setCustomValidity(''));
    this.#decline.addEventListener('click', () => {
      this.#isAsking = false;
      this.#decline.hidden = true;
      wishes.declined();
    });
  }

  get apiKey() {
    return this.#apiKey;
  }

  // The server wants a key; nothing waits for it yet.
  async offer() {
    if (this.#apiKey) return;
    const fresh = await this.#refreshed();
    if (fresh) this.#use(fresh);
    else this.#form.hidden = false;
  }

  // What was wanted waits for a key. However many ask, the person is asked once. Gives whether one came by itself: then
  // what was refused may be done again.
  need() {
    if (!this.#isAsking) this.#came = this.#ask();
    return this.#came;
  }

  // Whatever waits for a key is not wanted any more.
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
    // Somebody may have typed one in the meantime.
    if (!this.#isAsking) return this.#apiKey !== refused;
    if (fresh) {
      this.#use(fresh);
      return true;
    }
    this.#form.querySelector('.note').textContent = say(refused ? 'apiKeyRefused' : 'apiKeyNote');
    this.#form.hidden = false;
    this.#decline.hidden = false;
    this.#input.focus();
    this.#wishes.asked();
    return false;
  }

  async #refreshed() {
    for (const source of this.#sources) {
      try {
        const fresh = (await source())?.trim();
        this.#refreshedAt = performance.now();
        // The key that was refused is not fresh.
        if (fresh !== this.#apiKey && PRINTABLE.test(fresh ?? '')) return fresh;
      } catch {
        // The next may have one.
      }
    }
    return undefined;
  }

  #use(apiKey) {
    this.#apiKey = apiKey;
    this.#isAsking = false;
    this.#decline.hidden = true;
    this.#wishes.use(apiKey);
  }

  get #input() {
    return this.#form.querySelector('input');
  }

  get #decline() {
    return this.#form.querySelector('.decline');
  }
}
