// Passes the API key between open pages of this site. Only open pages hold it, in memory, so a new page asks the
// others. Links to other pages open in a new tab, so that one page with the key always stays open. docs/PAGE.md says
// why the key is not stored.

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

  // Keeps the key that this page uses, for other pages that ask.
  keep(apiKey) {
    this.#apiKey = apiKey;
  }

  // Returns the key of another open page, or undefined if none answers.
  ask() {
    if (!this.#channel) return undefined;
    this.#channel.postMessage({});
    return new Promise((resolve) => {
      this.#heard = resolve;
      setTimeout(resolve, WAIT_MS);
    });
  }
}

// There is no channel if the browser lets this site store nothing, because pages then cannot reach each other.
function opened() {
  try {
    return new BroadcastChannel(CHANNEL);
  } catch {
    return undefined;
  }
}
