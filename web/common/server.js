// Sends requests about stored files to the server. They need no wasm.

import { failureOf } from './failure.js';

/** @import { ChangeTicket, FileList, FileRecord, MadeTicket, MakeTicket, Policy, Problem, RedeemTicket, SharedFile, TicketList, TicketSummary } from '../module/api.js' */
/** @import { Failure } from '../module/report.js' */

const LONGEST_MS = 60_000;
// For requests that must not carry the key, because a login takes precedence over a cookie on the server.
const NONE = null;

export class Server {
  /** @type {string | undefined} */
  #apiKey;

  /**
   * Sets the API key of all requests from now on.
   *
   * @param {string} apiKey
   */
  logIn(apiKey) {
    this.#apiKey = apiKey;
  }

  /**
   * Gets the server's limits, and whether it asks for a key. Like all of these, it rejects with a failure.
   *
   * @returns {Promise<Policy>}
   */
  policy() {
    return this.#ask('GET', '/v1/policy');
  }

  /**
   * Gets one page of the caller's files, those with `search` in their name. `signal` aborts the request.
   *
   * @param {{ search: string, cursor?: string, signal: AbortSignal }} asked
   * @returns {Promise<FileList>}
   */
  files({ search, cursor, signal }) {
    const asked = new URLSearchParams();
    if (search) asked.set('search', search);
    if (cursor) asked.set('cursor', cursor);
    return this.#ask('GET', `/v1/files?${asked}`, { signal });
  }

  /**
   * Gets the record of the caller's own file.
   *
   * @param {string} fileId
   * @returns {Promise<FileRecord>}
   */
  file(fileId) {
    return this.#ask('GET', path(fileId));
  }

  /**
   * Gets what a redeemed ticket shows of its file. The cookie authorizes this, so the key is left out.
   *
   * @param {string} fileId
   * @returns {Promise<SharedFile>}
   */
  shared(fileId) {
    return this.#ask('GET', `${path(fileId)}/shared`, { apiKey: NONE });
  }

  /**
   * Uses a ticket up, after which this browser may read its file for a while.
   *
   * @param {string} ticket
   * @returns {Promise<SharedFile>}
   */
  redeem(ticket) {
    /** @type {RedeemTicket} */
    const body = { ticket };
    return this.#ask('POST', '/v1/tickets/redeem', { body, apiKey: NONE });
  }

  /**
   * @param {string} fileId
   * @returns {Promise<void>}
   */
  remove(fileId) {
    return this.#ask('DELETE', path(fileId));
  }

  /**
   * @param {string} fileId
   * @param {number} seconds
   * @returns {Promise<MadeTicket>}
   */
  makeTicket(fileId, seconds) {
    /** @type {MakeTicket} */
    const body = { file_id: fileId, expires_in_seconds: seconds };
    return this.#ask('POST', '/v1/tickets', { body });
  }

  /**
   * Gets one page of the caller's links, newest first: those to one file, or all.
   *
   * @param {{ fileId?: string, cursor?: string }} asked
   * @returns {Promise<TicketList>}
   */
  tickets({ fileId, cursor }) {
    const asked = new URLSearchParams();
    if (fileId) asked.set('file', fileId);
    if (cursor) asked.set('cursor', cursor);
    return this.#ask('GET', `/v1/tickets?${asked}`);
  }

  /**
   * Gives a link that nobody has used yet another expiry, in seconds from now.
   *
   * @param {string} ticketId
   * @param {number} seconds
   * @returns {Promise<TicketSummary>}
   */
  changeTicket(ticketId, seconds) {
    /** @type {ChangeTicket} */
    const body = { expires_in_seconds: seconds };
    return this.#ask('PATCH', `/v1/tickets/${encodeURIComponent(ticketId)}`, { body });
  }

  /**
   * @param {string} ticketId
   * @returns {Promise<void>}
   */
  revokeTicket(ticketId) {
    return this.#ask('DELETE', `/v1/tickets/${encodeURIComponent(ticketId)}`);
  }

  /**
   * @param {string} method
   * @param {string} address
   * @param {{ body?: object, signal?: AbortSignal, apiKey?: string | null }} [options]
   * @returns {Promise<any>}
   */
  async #ask(method, address, { body, signal, apiKey = this.#apiKey } = {}) {
    /** @type {Record<string, string>} */
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
      throw failureOf('server_unreachable');
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
    }
    const said = parsed(text);
    if (!answer.ok) throw refusal(answer, said);
    if (text && !said) throw failureOf('answer_not_understood', answer.status);
    return said;
  }
}

/** @param {string} fileId */
function path(fileId) {
  return `/v1/files/${encodeURIComponent(fileId)}`;
}

/**
 * @param {string} text
 * @returns {any}
 */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * @param {Response} answer
 * @param {Problem | undefined} said
 * @returns {Failure}
 */
function refusal({ status }, said) {
  if (typeof said?.code !== 'string') return failureOf('server_refused', status);
  const { code, detail, request_id: requestId, type, title, status: _, ...numbers } = said;
  return { code, detail, status, requestId, numbers };
}
