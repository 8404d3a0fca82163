// The page of one file, for its owner and for somebody with a share link.

import { Announcer } from '../common/announcer.js';
import { copies } from '../common/copy.js';
import { detailsOfOpening } from '../common/details.js';
import { failureOf, isFailure } from '../common/failure.js';
import { FileView } from './file-view.js';
import { find } from '../common/find.js';
import { whyUnfitToOpen } from '../common/fit.js';
import { KeyBetweenTabs } from '../common/key-between-tabs.js';
import { Links } from '../common/links.js';
import { Login } from '../common/login.js';
import { nameOf, shownName } from '../common/names.js';
import { Opener } from './opener.js';
import { Question } from '../common/question.js';
import { Saving } from './saving.js';
import { addSentences, say, sayAll } from '../common/sentences.js';
import { sentencesOfReading } from '../common/sentences-of-reading.js';
import { Server } from '../common/server.js';
import { Share } from '../common/share.js';

/** @import { FileRecord, SharedFile } from '../module/api.js' */
/** @import { Failure } from '../module/report.js' */
/** @import { Announce } from '../common/announcer.js' */
/** @import { KeySource } from '../common/login.js' */
/** @import { ShownFile } from '../common/record.js' */
/** @import { PageState } from './file-view.js' */
/** @import { Told } from './saving.js' */

const announcer = new Announcer(find('announcer'));
/** @type {Announce} */
const announce = (sentence) => announcer.say(sentence);
const question = new Question(find('ask', 'dialog'));
const view = new FileView(announce);
const server = new Server();
const share = new Share(find('share', 'dialog'), server, announce);
const links = new Links(find('links', 'details'), server, announce);
const keys = new KeyBetweenTabs();
/** @type {Saving} */
let saving;
/** @type {Login} */
let login;
/**
 * The secret of a share link, until it is redeemed.
 *
 * @type {string | undefined}
 */
let ticket;
/**
 * The server's record of the file, from the state `ready` on.
 *
 * @type {ShownFile}
 */
let file;
// Whether the caller owns the file.
let isOwn = false;
/** @type {Failure | undefined} */
let failure;

/**
 * `refresh` is the same as on the page that sends files.
 *
 * @param {{ refresh?: KeySource }} [options]
 */
export async function startFilePage({ refresh } = {}) {
  addSentences(sentencesOfReading);
  sayAll(document);
  const unfit = whyUnfitToOpen();
  if (unfit) {
    find('unfit').textContent = say(unfit);
    find('unfit').hidden = false;
    return;
  }
  find('page').hidden = false;
  saving = new Saving(told);
  login = new Login(find('login', 'form'), [() => keys.ask(), refresh], {
    use: logIn,
    declined: () => {
      saving.logInDeclined();
      find('api-key').focus();
    },
    asked: () => announce(say('apiKeyAsked')),
  });
  find('redeem').addEventListener('click', redeem);
  find('save').addEventListener('click', save);
  find('stop').addEventListener('click', () => saving.cancel());
  find('show').addEventListener('click', () => view.show(file));
  find('share-it').addEventListener('click', () => share.open(file));
  // A link may have been made or revoked in it.
  find('share').addEventListener('close', () => links.reload());
  find('delete').addEventListener('click', remove);
  find('again').addEventListener('click', look);
  copies(find('copy-details'), () => detailsOfOpening(fileId(), saving, failure), announce);
  // The link may be opened again in the tab that already shows its page.
  window.addEventListener('hashchange', begin);
  await begin();
}

async function begin() {
  const given = takeTicket();
  ticket = given ?? ticket;
  // A download under way continues, and the link can be opened after it.
  if (saving.state === 'saving') return;
  if (!ticket) {
    await look();
    return;
  }
  login.dismiss();
  // The link is used up only by a press of the button, which programs that preview links do not do.
  view.enter('invited');
}

// Takes the secret behind `#` out of the address bar at once, because browsers keep, show and copy what is there.
function takeTicket() {
  const given = location.hash.slice(1);
  if (location.href.includes('#')) history.replaceState(null, '', location.pathname + location.search);
  return given || undefined;
}

function fileId() {
  const last = location.pathname.split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(last);
  } catch {
    // This is no id, so the server will not find a file.
    return last;
  }
}

async function redeem() {
  if (find('redeem').ariaDisabled === 'true') return;
  find('redeem').ariaDisabled = 'true';
  await attempt(async () => {
    if (!ticket) return;
    const shared = await server.redeem(ticket);
    ticket = undefined;
    // The address becomes that of the ticket's file, so that a reload shows it too.
    history.replaceState(null, '', encodeURIComponent(shared.file_id));
    present(shared, false);
    focusTitle();
  });
  find('redeem').ariaDisabled = 'false';
}

// Finds out whether the caller owns the file, or this browser redeemed a link to it.
async function look() {
  view.enter('loading');
  await attempt(
    async () => {
      const { login: needsKey } = await server.policy();
      if (!needsKey || login.apiKey) {
        await lookAsOwner();
        return;
      }
      const shared = await sharedOrNothing();
      if (shared) {
        await present(shared, false);
        return;
      }
      // If another open page has a key, this continues in `logIn`.
      await login.offer();
      if (login.apiKey) return;
      // A link may have been opened meanwhile.
      if (ticket) login.dismiss();
      else view.enter('asking');
    },
    { isLook: true },
  );
}

async function lookAsOwner() {
  const own = await server.file(fileId()).catch(nothingFor('not_found'));
  const shared = own ?? (await sharedOrNothing());
  if (!shared) throw failureOf('not_found');
  present(shared, own !== undefined);
}

function sharedOrNothing() {
  return server.shared(fileId()).catch(nothingFor('unauthenticated', 'not_found'));
}

/**
 * Returns what to do with a failure: those of `codes` become undefined.
 *
 * @param {string[]} codes
 */
function nothingFor(...codes) {
  return (/** @type {unknown} */ error) => {
    if (!isFailure(error) || !codes.includes(error.code)) throw error;
    return undefined;
  };
}

function focusTitle() {
  find('title').parentElement?.focus();
}

/** @param {string} apiKey */
function logIn(apiKey) {
  server.logIn(apiKey);
  keys.keep(apiKey);
  // The download under way waits for it.
  if (isOwn) saving.logIn(apiKey);
  find('login').hidden = true;
  announce(say('apiKeyUsed'));
  attempt(lookAsOwner, { isLook: true });
}

/**
 * @param {FileRecord | SharedFile} shown
 * @param {boolean} own
 */
async function present(shown, own) {
  // The file was deleted while its record was loading.
  if (view.state === 'deleted') return;
  file = { ...shown, id: 'id' in shown ? shown.id : shown.file_id };
  isOwn = own;
  // Somebody with a link reads by a cookie, without a key.
  saving.logIn(isOwn ? login.apiKey : undefined);
  // The browser's own elements send a cookie, but no API key.
  view.present(file, { isOwn, mayShow: !isOwn || !login.apiKey });
  if (isOwn) links.offer(file.id);
  enter(saving.state === 'saving' ? 'saving' : 'ready');
  const way = await Opener.wayToSave(file.size);
  if (saving.state !== 'saving' && way === 'too_large_for_this_browser') tell(failureOf(way));
}

function save() {
  if (saving.state === 'saving') return;
  tellNothing();
  saving.begin(file);
}

/**
 * Shows each change of the download.
 *
 * @param {Told} what
 */
function told(what) {
  if (what === 'credential-needed') {
    login.need();
    return;
  }
  // This may be the end of a download whose file is gone.
  if (!view.hasFile) return;
  if (what === 'progress') {
    view.figures(saving);
    return;
  }
  const hadFocus = document.activeElement === find('stop');
  enter(what);
  view.figures(saving);
  // The focused button is hidden now.
  if (hadFocus && what !== 'saving') find('save').focus();
  const { outcome, failure: failed } = saving;
  if (what === 'saving') announce(say('announceSaving', { name: nameOf(file) }));
  if (what === 'done' && outcome) {
    view.end(say(outcome.how === 'picker' ? 'savedByPicker' : 'savedByDownload', { name: shownName(outcome.name) }), outcome);
  }
  if (what === 'cancelled') view.end(say('saveStopped'));
  if (what === 'failed' && failed) {
    tell(failed);
    if (failed.code === 'unauthenticated' && isOwn) login.need();
  }
}

/**
 * Enters a state with a file, and offers a link that was opened during a download.
 *
 * @param {PageState} state
 */
function enter(state) {
  view.enter(state);
  if (ticket && state !== 'saving') view.inviteLater();
}

async function remove() {
  const name = nameOf(file);
  if (!(await question.ask(say('deleteQuestion', { name }), say('delete')))) return;
  await attempt(async () => {
    await server.remove(file.id);
    view.enter('deleted');
    // The download may have failed meanwhile, because the object was gone.
    tellNothing();
    saving.cancel();
    find('facts').textContent = say('deleted');
    announce(say('announceDeleted', { name }));
    focusTitle();
  });
}

/**
 * Runs `action` and shows its failure. If the server refused the key and another key comes by itself, runs `action` again;
 * but not a look, because any new key starts one anyway.
 *
 * @param {() => Promise<void>} action
 * @param {{ isLook?: boolean }} [options]
 * @returns {Promise<void>}
 */
async function attempt(action, { isLook = false } = {}) {
  tellNothing();
  try {
    await action();
  } catch (error) {
    if (!isFailure(error)) throw error;
    if (view.state === 'deleted') return;
    if (error.code === 'unauthenticated') {
      const came = await login.need();
      if (came && !isLook) await attempt(action);
      if (!came && view.state === 'loading') view.enter('asking');
      return;
    }
    if (error.code === 'ticket_used') {
      ticket = undefined;
      view.enter('used');
    } else if (view.state === 'loading' || view.state === 'asking' || error.code === 'not_found') {
      view.enter('absent');
      saving.cancel();
    }
    tell(error);
  }
}

/** @param {Failure} refused */
function tell(refused) {
  const isOver = refused.code === 'unauthenticated' && file && !isOwn;
  failure = isOver ? { ...refused, code: 'reading_ended' } : refused;
  view.tell(failure, view.state === 'absent');
}

function tellNothing() {
  failure = undefined;
  view.tellNothing();
}
