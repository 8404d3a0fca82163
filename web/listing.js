// The caller's files, page by page, all of them or those with a word in their name.

// A page of a search may be empty although there are more behind it: the server looks at so many rows a request.
const MOST_EMPTY_PAGES = 20;

export class Listing {
  #server;
  #search = '';
  #cursor;
  #asking;
  #isUnderWay = false;

  constructor(server) {
    this.#server = server;
  }

  get search() {
    return this.#search;
  }

  get hasMore() {
    return this.#cursor !== undefined;
  }

  // Begins anew with this search. Gives the first files that there are, or undefined where another question came in
  // between. Rejects with a failure.
  async first(search) {
    this.#asking?.abort();
    const asking = (this.#asking = new AbortController());
    this.#search = search;
    this.#cursor = undefined;
    try {
      return await this.#next(asking);
    } catch (error) {
      // There is nothing to go on from: what is listed still is of another search.
      this.#cursor = undefined;
      throw error;
    }
  }

  // The files behind those that were given; undefined where there are none, or a question is under way.
  async more() {
    return this.hasMore && !this.#isUnderWay ? this.#next(this.#asking) : undefined;
  }

  async #next(asking) {
    const found = [];
    this.#isUnderWay = true;
    try {
      for (let pages = 0; pages < MOST_EMPTY_PAGES && found.length === 0; pages += 1) {
        const { files, next_cursor: cursor } = await this.#server.files({ search: this.#search, cursor: this.#cursor, signal: asking.signal });
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
