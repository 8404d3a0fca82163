// The page of one's files: search, open, share, delete.

import { Announcer } from './announcer.js';
import { KeyBetweenTabs } from './key-between-tabs.js';
import { deleteLeftovers } from './leftovers.js';
import { listedFile } from './listed-file.js';
import { Listing } from './listing.js';
import { Login } from './login.js';
import { nameOf } from './names.js';
import { amount } from './numbers.js';
import { sayReadFailure } from './problems.js';
import { Question } from './question.js';
import { say, sayAll } from './sentences.js';
import { Server } from './server.js';
import { Share } from './share.js';

// Somebody who types means one word, not its letters one after the other.
const TYPING_MS = 250;

const find = (id) => document.getElementById(id);
const announcer = new Announcer(find('announcer'));
const announce = (sentence) => announcer.say(sentence);
const question = new Question(find('ask'));
const server = new Server();
const listing = new Listing(server);
const share = new Share(find('share'), server, announce);
const keys = new KeyBetweenTabs();
// What was deleted here: a list that was asked for before may still have it.
const gone = new Set();
let login;
let typing;

// `refresh` as page.js has it.
export async function startFilesPage({ refresh } = {}) {
  sayAll(document);
  if (!globalThis.isSecureContext) return notice('unfit', say('insecureContext'));
  // The other pages' workers do the same when they start.
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
  // Back from the page of a file, which may have been deleted there.
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
  // What it would add belongs to the list that goes.
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
    // Where the button stays, so does the keyboard.
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

// What stands around the list.
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
    // Another list may have come meanwhile.
    const row = [...find('listed').children].find((one) => one.dataset.fileId === id);
    const next = row?.nextElementSibling ?? row?.previousElementSibling ?? find('search-text');
    row?.remove();
    show();
    next.focus();
  });
}

// Tells of what fails. What was refused for its key is done again where another one comes by itself, but for `load`:
// whatever key comes, the list comes with it.
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
