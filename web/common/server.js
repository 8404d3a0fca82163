// Sends requests about stored files to the server. They need no wasm.

const LONGEST_MS = 60_000;
// For requests that must not carry the key, because a login takes precedence over a cookie on the server.
const NONE = null;

export class Server {
  #apiKey;

  // Sets the API key of all requests from now on.
  logIn(apiKey) {
    this.#apiKey = apiKey;
  }

  // Gets the server's limits, and whether it asks for a key. Like all of these, it rejects with a failure.
  policy() {
    return this.#ask('GET', '/v1/policy');
  }

  // Gets one page of the caller's files, those with `search` in their name. `signal` aborts the request.
  files({ search, cursor, signal }) {
    const asked = new URLSearchParams();
    if (search) asked.set('search', search);
    if (cursor) asked.set('cursor', cursor);
    return this.#ask('GET', `/v1/files?${asked}`, { signal });
  }

  // Gets the record of the caller's own file.
  file(fileId) {
    return this.#ask('GET', path(fileId));
  }

  // Gets what a redeemed ticket shows of its file. The cookie authorizes this, so the key is left out.
  shared(fileId) {
    return this.#ask('GET', `${path(fileId)}/shared`, { apiKey: NONE });
  }

  // Uses a ticket up, after which this browser may read its file for a while.
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
    // `AbortSignal.any` is not used, because browsers have it only since 2024.
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

// Makes a failure like those of the module.
function failure(code, status) {
  return { code, detail: '', status, numbers: {} };
}
