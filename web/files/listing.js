// Lists the caller's files page by page: all of them, or those with a text in their name.

// A search may return empty pages before more files, because the server scans a limited number of rows a request.
const MOST_EMPTY_PAGES = 20;

/** @import { FileRecord } from '../module/api.js' */
/** @import { Server } from '../common/server.js' */

export class Listing {
  #server;
  #search = '';
  /** @type {string | undefined} */
  #cursor;
  /** @type {AbortController | undefined} */
  #asking;
  #isUnderWay = false;

  /** @param {Pick<Server, 'files'>} server */
  constructor(server) {
    this.#server = server;
  }

  get search() {
    return this.#search;
  }

  get hasMore() {
    return this.#cursor !== undefined;
  }

  /**
   * Starts a new search. Returns the first files, or undefined if another search was started meanwhile. Rejects with a
   * failure.
   *
   * @param {string} search
   */
  async first(search) {
    this.#asking?.abort();
    const asking = (this.#asking = new AbortController());
    this.#search = search;
    this.#cursor = undefined;
    try {
      return await this.#next(asking);
    } catch (error) {
      // The files still listed are of another search, so there is nothing to continue.
      this.#cursor = undefined;
      throw error;
    }
  }

  // Returns the next files, or undefined if there are none or a request is under way.
  async more() {
    return this.#asking && this.hasMore && !this.#isUnderWay ? this.#next(this.#asking) : undefined;
  }

  /** @param {AbortController} asking */
  async #next(asking) {
    /** @type {FileRecord[]} */
    const found = [];
    this.#isUnderWay = true;
    try {
      for (let pages = 0; pages < MOST_EMPTY_PAGES && found.length === 0; pages += 1) {
        const asked = { search: this.#search, cursor: this.#cursor, signal: asking.signal };
        const { files, next_cursor: cursor } = await this.#server.files(asked);
        if (asking !== this.#asking) return undefined;
        this.#cursor = cursor;
        found.push(...files);
        if (!cursor) break;
      }
      return found;
    } catch (error) {
      if (asking.signal.aborted) return undefined;
      throw error;
    } finally {
      if (asking === this.#asking) this.#isUnderWay = false;
    }
  }
}
