// The API key: typed into the form, or brought by the function that an embedding page gives. In memory only.

export class Login {
  #form;
  #refresh;
  #wishes;
  #apiKey;
  #isAsking = false;

  // `wishes` has `use(apiKey)`, `declined()` and `asked()`, which is called when the form needs an answer.
  // `refresh` is an async function that gives a fresh key, or nothing.
  constructor(form, refresh, wishes) {
    this.#form = form;
    this.#refresh = refresh;
    this.#wishes = wishes;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#use(this.#input.value);
    });
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

  // Files wait for a key. However many ask, the person is asked once.
  async need() {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const fresh = await this.#refreshed();
    // Somebody may have typed one in the meantime.
    if (!this.#isAsking) return;
    if (fresh) return this.#use(fresh);
    this.#form.hidden = false;
    this.#decline.hidden = false;
    this.#input.focus();
    this.#wishes.asked();
  }

  // The key that was refused is not fresh.
  async #refreshed() {
    try {
      const fresh = await this.#refresh?.();
      return fresh === this.#apiKey ? undefined : fresh;
    } catch {
      return undefined;
    }
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
