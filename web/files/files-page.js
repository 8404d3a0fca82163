// The page that lists the caller's files: search, open, share, delete.

import { Announcer } from '../common/announcer.js';
import { KeyBetweenTabs } from '../common/key-between-tabs.js';
import { isFailure } from '../common/failure.js';
import { find, part } from '../common/find.js';
import { deleteLeftovers } from '../common/leftovers.js';
import { listedFile } from './listed-file.js';
import { Listing } from './listing.js';
import { Links } from '../common/links.js';
import { Login } from '../common/login.js';
import { nameOf } from '../common/names.js';
import { amount } from '../common/numbers.js';
import { sayReadFailure } from '../common/problems.js';
import { Question } from '../common/question.js';
import { addSentences, say, sayAll } from '../common/sentences.js';
import { sentencesOfReading } from '../common/sentences-of-reading.js';
import { Server } from '../common/server.js';
import { Share } from '../common/share.js';

// Wait for the whole word, instead of searching for each letter of it.
const TYPING_MS = 250;

/** @import { FileRecord } from '../module/api.js' */
/** @import { Failure } from '../module/report.js' */
/** @import { Announce } from '../common/announcer.js' */
/** @import { KeySource } from '../common/login.js' */

const announcer = new Announcer(find('announcer'));
/** @type {Announce} */
const announce = (sentence) => announcer.say(sentence);
const question = new Question(find('ask', 'dialog'));
const server = new Server();
const listing = new Listing(server);
const share = new Share(find('share', 'dialog'), server, announce);
const links = new Links(find('links', 'details'), server, announce);
const keys = new KeyBetweenTabs();
// Files deleted here. A list that was requested before may still contain them.
const gone = new Set();
/** @type {Login} */
let login;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let typing;

/**
 * `refresh` is the same as on the page that sends files.
 *
 * @param {{ refresh?: KeySource }} [options]
 */
export async function startFilesPage({ refresh } = {}) {
  addSentences(sentencesOfReading);
  sayAll(document);
  if (!globalThis.isSecureContext) {
    notice('unfit', say('insecureContext'));
    return;
  }
  // On the other pages the workers do this when they start.
  deleteLeftovers();
  find('page').hidden = false;
  login = new Login(find('login', 'form'), [() => keys.ask(), refresh], {
    use: logIn,
    declined: () => find('api-key').focus(),
    asked: () => announce(say('apiKeyAsked')),
  });
  find('search').addEventListener('submit', (event) => {
    event.preventDefault();
    load();
  });
  find('search-text').addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(load, TYPING_MS);
  });
  find('more').addEventListener('click', more);
  // A link may have been made or revoked in it.
  find('share').addEventListener('close', () => links.reload());
  find('again').addEventListener('click', begin);
  // The person is back from the page of a file, which may have been deleted there.
  window.addEventListener('pageshow', ({ persisted }) => persisted && load());
  await begin();
}

async function begin() {
  await attempt(async () => {
    const policy = await server.policy();
    if (policy.login && !login.apiKey) await login.offer();
    else await load();
  });
}

/** @param {string} apiKey */
function logIn(apiKey) {
  server.logIn(apiKey);
  keys.keep(apiKey);
  find('login').hidden = true;
  load();
}

async function load() {
  clearTimeout(typing);
  find('search').hidden = false;
  find('count').textContent = say(search() ? 'searching' : 'loading');
  // The button would add files to the old list.
  find('more').hidden = true;
  await attempt(
    async () => {
      const files = await listing.first(search());
      if (!files) return;
      find('listed').replaceChildren();
      add(files);
      links.offer();
    },
    { isLoad: true },
  );
}

async function more() {
  if (find('more').ariaDisabled === 'true') return;
  find('more').ariaDisabled = 'true';
  await attempt(async () => {
    const files = await listing.more();
    if (!files) return;
    const first = add(files);
    // If the button stays, it keeps the focus.
    if (find('more').hidden) first?.focus();
  });
  find('more').ariaDisabled = 'false';
}

/** @param {FileRecord[]} files */
function add(files) {
  const actions = { share: (/** @type {FileRecord} */ record) => share.open(record), remove, announce };
  const there = files.filter(({ id }) => !gone.has(id));
  const template = find('listed-file', 'template');
  const elements = there.map((record) => listedFile(template, record, actions));
  find('listed').append(...elements);
  show();
  return elements[0];
}

// Updates what surrounds the list.
function show() {
  const count = find('listed').childElementCount;
  const { search: asked, hasMore } = listing;
  find('more').hidden = !hasMore;
  find('more').textContent = say(count === 0 ? 'searchOn' : 'showMore');
  find('empty').hidden = count > 0 || hasMore || asked !== '';
  const none = asked ? (hasMore ? 'foundNoneYet' : 'foundNone') : 'noFiles';
  const some = /** @type {const} */ (`${asked ? 'found' : 'listed'}${hasMore ? 'More' : count === 1 ? 'One' : ''}`);
  find('count').textContent = say(count === 0 ? none : some, { count: amount(count) });
}

/** @param {FileRecord} record */
async function remove(record) {
  const { id } = record;
  const name = nameOf(record);
  if (!(await question.ask(say('deleteQuestion', { name }), say('delete')))) return;
  await attempt(async () => {
    await server.remove(id);
    announce(say('announceDeleted', { name }));
    gone.add(id);
    links.reload();
    // Another list may have been loaded meanwhile.
    const row = find('listed').querySelector(`[data-file-id="${CSS.escape(id)}"]`);
    const next = row?.nextElementSibling ?? row?.previousElementSibling ?? find('search-text');
    row?.remove();
    show();
    if (next instanceof HTMLElement) next.focus();
  });
}

/**
 * Runs `action` and shows its failure. If the server refused the key and another key comes by itself, runs `action` again;
 * but not `load`, because any new key loads the list anyway.
 *
 * @param {() => Promise<void>} action
 * @param {{ isLoad?: boolean }} [options]
 * @returns {Promise<void>}
 */
async function attempt(action, { isLoad = false } = {}) {
  notice('notice', '');
  find('notice-facts').hidden = true;
  try {
    await action();
  } catch (failure) {
    if (!isFailure(failure)) throw failure;
    if (isLoad) find('count').textContent = '';
    if (failure.code === 'unauthenticated') {
      if ((await login.need()) && !isLoad) await attempt(action);
      return;
    }
    tell(failure);
  }
}

/** @param {Failure} failure */
function tell(failure) {
  const { text, next } = sayReadFailure(failure);
  notice('notice', `${text} ${next}`);
  const facts = find('notice-facts');
  facts.hidden = false;
  part(facts, 'problem-code').textContent = failure.code;
  part(facts, 'problem-request').textContent = failure.requestId ? say('request', { id: failure.requestId }) : '';
}

function search() {
  return find('search-text', 'input').value.trim();
}

/**
 * @param {string} id
 * @param {string} sentence
 */
function notice(id, sentence) {
  find(id).textContent = sentence;
  find(id).hidden = sentence === '';
}
