// The page that lists the caller's files: search, open, share, delete.

import { Announcer } from '../common/announcer.js';
import { KeyBetweenTabs } from '../common/key-between-tabs.js';
import { deleteLeftovers } from '../common/leftovers.js';
import { listedFile } from './listed-file.js';
import { Listing } from './listing.js';
import { Login } from '../common/login.js';
import { nameOf } from '../common/names.js';
import { amount } from '../common/numbers.js';
import { sayReadFailure } from '../common/problems.js';
import { Question } from '../common/question.js';
import { say, sayAll } from '../common/sentences.js';
import { Server } from '../common/server.js';
import { Share } from '../common/share.js';

// Wait for the whole word, instead of searching for each letter of it.
const TYPING_MS = 250;

const find = (id) => document.getElementById(id);
const announcer = new Announcer(find('announcer'));
const announce = (sentence) => announcer.say(sentence);
const question = new Question(find('ask'));
const server = new Server();
const listing = new Listing(server);
const share = new Share(find('share'), server, announce);
const keys = new KeyBetweenTabs();
// Files deleted here. A list that was requested before may still contain them.
const gone = new Set();
let login;
let typing;

// `refresh` is the same as in page.js.
export async function startFilesPage({ refresh } = {}) {
  sayAll(document);
  if (!globalThis.isSecureContext) return notice('unfit', say('insecureContext'));
  // On the other pages the workers do this when they start.
  deleteLeftovers();
  find('page').hidden = false;
  login = new Login(find('login'), [() => keys.ask(), refresh], {
    use: logIn,
    declined: () => find('login').querySelector('input').focus(),
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
  find('again').addEventListener('click', begin);
  // The person is back from the page of a file, which may have been deleted there.
  window.addEventListener('pageshow', ({ persisted }) => persisted && load());
  return begin();
}

async function begin() {
  await attempt(async () => {
    const policy = await server.policy();
    if (policy.login && !login.apiKey) return login.offer();
    return load();
  });
}

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
  await attempt(async () => {
    const files = await listing.first(search());
    if (!files) return;
    find('listed').replaceChildren();
    add(files);
  }, { isLoad: true });
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

function add(files) {
  const wishes = { share: (record) => share.open(record), remove, announce };
  const there = files.filter(({ id }) => !gone.has(id));
  const elements = there.map((record) => listedFile(find('listed-file'), record, wishes));
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
  const some = (asked ? 'found' : 'listed') + (hasMore ? 'More' : count === 1 ? 'One' : '');
  find('count').textContent = say(count === 0 ? none : some, { count: amount(count) });
}

async function remove(record) {
  const { id } = record;
  const name = nameOf(record);
  if (!(await question.ask(say('deleteQuestion', { name }), say('delete')))) return;
  await attempt(async () => {
    await server.remove(id);
    announce(say('announceDeleted', { name }));
    gone.add(id);
    // Another list may have been loaded meanwhile.
    const row = [...find('listed').children].find((one) => one.dataset.fileId === id);
    const next = row?.nextElementSibling ?? row?.previousElementSibling ?? find('search-text');
    row?.remove();
    show();
    next.focus();
  });
}

// Runs `wish` and shows its failure. If the server refused the key and another key comes by itself, runs `wish` again;
// but not `load`, because any new key loads the list anyway.
async function attempt(wish, { isLoad = false } = {}) {
  notice('notice', '');
  find('notice-facts').hidden = true;
  try {
    await wish();
  } catch (failure) {
    if (typeof failure?.code !== 'string') throw failure;
    if (isLoad) find('count').textContent = '';
    if (failure.code === 'unauthenticated') {
      if ((await login.need()) && !isLoad) await attempt(wish);
      return;
    }
    tell(failure);
  }
}

function tell(failure) {
  const { text, next } = sayReadFailure(failure);
  notice('notice', `${text} ${next}`);
  const facts = find('notice-facts');
  facts.hidden = false;
  facts.querySelector('.problem-code').textContent = failure.code;
  facts.querySelector('.problem-request').textContent = failure.requestId ? say('request', { id: failure.requestId }) : '';
}

function search() {
  return find('search-text').value.trim();
}

function notice(id, sentence) {
  find(id).textContent = sentence;
  find(id).hidden = sentence === '';
}
