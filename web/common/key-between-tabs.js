// Passes the API key between open pages of this site. Only open pages hold it, in memory, so a new page asks the
// others. Links to other pages open in a new tab, so that one page with the key always stays open. docs/PAGE.md says
// why the key is not stored.

const CHANNEL = 'sealift-api-key';
const WAIT_MS = 250;

export class KeyBetweenTabs {
  #channel = opened();
  /** @type {string | undefined} */
  #apiKey;
  /** @type {((apiKey?: string) => void) | undefined} */
  #heard;

  constructor() {
    const channel = this.#channel;
    if (!channel) return;
    channel.addEventListener('message', ({ data }) => {
      if (data.apiKey) this.#heard?.(data.apiKey);
      else if (this.#apiKey) channel.postMessage({ apiKey: this.#apiKey });
    });
    document.addEventListener(
      'click',
      ({ target }) => {
        const link = target instanceof Element && target.closest('a[data-beside]');
        if (link instanceof HTMLAnchorElement) link.target = this.#apiKey ? '_blank' : '';
      },
      { capture: true },
    );
  }

  /**
   * Keeps the key that this page uses, for other pages that ask.
   *
   * @param {string} apiKey
   */
  keep(apiKey) {
    this.#apiKey = apiKey;
  }

  /**
   * Returns the key of another open page, or undefined if none answers.
   *
   * @returns {Promise<string | undefined> | undefined}
   */
  ask() {
    if (!this.#channel) return undefined;
    this.#channel.postMessage({});
    return new Promise((resolve) => {
      this.#heard = resolve;
      setTimeout(resolve, WAIT_MS, undefined);
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
