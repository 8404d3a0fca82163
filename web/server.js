// Questions to the server about files that are there. No wasm is needed for them.

const LONGEST_MS = 60_000;
// Where a key must not go along: on the server a login wins over a cookie.
const NONE = null;

export class Server {
  #apiKey;

  // Requests carry this key from now on.
  logIn(apiKey) {
    this.#apiKey = apiKey;
  }

  // What the server takes, and whether it asks for a key. Like all of these it rejects with a failure.
  policy() {
    return this.#ask('GET', '/v1/policy');
  }

  // One page of the caller's files, of those with `search` in their name. `signal` ends the question.
  files({ search, cursor, signal }) {
    const asked = new URLSearchParams();
    if (search) asked.set('search', search);
    if (cursor) asked.set('cursor', cursor);
    return this.#ask('GET', `/v1/files?${asked}`, { signal });
  }

  // The record of a file of the caller's own.
  file(fileId) {
    return this.#ask('GET', path(fileId));
  }

  // What this browser may know of a file whose ticket it redeemed. The cookie says so, so no key goes along.
  shared(fileId) {
    return this.#ask('GET', `${path(fileId)}/shared`, { apiKey: NONE });
  }

  // Uses a ticket up; this browser may read its file for a while.
  redeem(ticket) {
    return this.#ask('POST', '/v1/tickets/redeem', { body: { ticket }, apiKey: NONE });
  }

  remove(fileId) {
    return this.#ask('DELETE', path(fileId));
  }

  makeTicket(fileId, seconds) {
    return this.#ask('POST', '/v1/tickets', { body: { file_id: fileId, expires_in_seconds: seconds } });
  }

  revokeTicket(ticketId) {
    return this.#ask('DELETE', `/v1/tickets/${encodeURIComponent(ticketId)}`);
  }

  async #ask(method, address, { body, signal, apiKey = this.#apiKey } = {}) {
    const headers = {};
    if (apiKey) headers.authorization = `Bearer ${apiKey}`;
    if (body) headers['content-type'] = 'application/json';
    // Not by `AbortSignal.any`, which browsers have since 2024 only.
    const ends = new AbortController();
    const end = () => ends.abort();
    const timer = setTimeout(end, LONGEST_MS);
    signal?.addEventListener('abort', end);
    let answer;
    let text;
    try {
      answer = await fetch(address, { method, headers, body: body && JSON.stringify(body), cache: 'no-store', signal: ends.signal });
      text = await answer.text();
    } catch (error) {
      if (signal?.aborted) throw error;
      throw failure('server_unreachable');
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
    }
    const said = parsed(text);
    if (!answer.ok) throw refusal(answer, said);
    if (text && !said) throw failure('answer_not_understood', answer.status);
    return said;
  }
}

function path(fileId) {
  return `/v1/files/${encodeURIComponent(fileId)}`;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refusal({ status }, said) {
  if (typeof said?.code !== 'string') return failure('server_refused', status);
  const { code, detail, request_id: requestId, type, title, status: _, ...numbers } = said;
  return { code, detail, status, requestId, numbers };
}

// As the module's failures are.
function failure(code, status) {
  return { code, detail: '', status, numbers: {} };
}
