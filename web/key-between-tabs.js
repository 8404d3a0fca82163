// The API key on its way from one page of this site to another. It is in the memory of open pages only, so a page that
// is new asks the others; and what leads to another page opens beside, so that one of them is always there.
// docs/PAGE.md says why it is not stored.

const CHANNEL = 'sealift-api-key';
const WAIT_MS = 250;

export class KeyBetweenTabs {
  #channel = opened();
  #apiKey;
  #heard;

  constructor() {
    if (!this.#channel) return;
    this.#channel.addEventListener('message', ({ data }) => {
      if (data.apiKey) this.#heard?.(data.apiKey);
      else if (this.#apiKey) this.#channel.postMessage({ apiKey: this.#apiKey });
    });
    document.addEventListener('click', (event) => {
      const link = event.target.closest?.('a[data-beside]');
      if (link) link.target = this.#apiKey ? '_blank' : '';
    }, { capture: true });
  }

  // This page uses it: others may ask for it.
  keep(apiKey) {
    this.#apiKey = apiKey;
  }

  // The key that another open page has; undefined where none answers.
  ask() {
    if (!this.#channel) return undefined;
    this.#channel.postMessage({});
    return new Promise((resolve) => {
      this.#heard = resolve;
      setTimeout(resolve, WAIT_MS);
    });
  }
}

// None where the browser lets this site store nothing: then pages cannot talk to each other either.
function opened() {
  try {
    return new BroadcastChannel(CHANNEL);
  } catch {
    return undefined;
  }
}
