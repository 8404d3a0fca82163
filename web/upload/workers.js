// Keeps one worker for each backend, made when it is first needed.

import { Uploads } from './uploads.js';

export class Workers {
  #uploadsOf = new Map();
  #chosen;
  #hear;
  #apiKey;
  #isDeclined = false;

  // `chosen` returns the backend for the next files. `hear(name, message)` gets every message.
  constructor(chosen, hear) {
    this.#chosen = chosen;
    this.#hear = hear;
  }

  chosen() {
    return this.#chosen();
  }

  current() {
    return this.of(this.#chosen());
  }

  of(name) {
    if (!this.#uploadsOf.has(name)) {
      const uploads = new Uploads(name, (message) => this.#hear(name, message));
      this.#uploadsOf.set(name, uploads);
      if (this.#apiKey) uploads.logIn(this.#apiKey);
      if (this.#isDeclined) uploads.logInDeclined();
    }
    return this.#uploadsOf.get(name);
  }

  logIn(apiKey) {
    this.#apiKey = apiKey;
    this.#isDeclined = false;
    for (const uploads of this.#uploadsOf.values()) uploads.logIn(apiKey);
  }

  logInDeclined() {
    this.#isDeclined = true;
    for (const uploads of this.#uploadsOf.values()) uploads.logInDeclined();
  }

  // Allows one more question for a key, because the person sends something again.
  askAgain() {
    if (!this.#isDeclined) return;
    this.#isDeclined = false;
    for (const uploads of this.#uploadsOf.values()) uploads.askAgain();
  }

  // Ends a stopped worker, so that the next files get a new one.
  end(name) {
    this.#uploadsOf.get(name)?.end();
    this.#uploadsOf.delete(name);
  }
}
