// Displays the one file of a page.

import { find, part } from '../common/find.js';
import { nameOf, shownName } from '../common/names.js';
import { bytes, moment } from '../common/numbers.js';
import { sayReadFailure } from '../common/problems.js';
import { fillRecord, sayVerification } from '../common/record.js';
import { say, sayAll } from '../common/sentences.js';
import { kindOf, shownFile, wordsFor } from './shown-file.js';

/** @import { Failure } from '../module/report.js' */
/** @import { Announce } from '../common/announcer.js' */
/** @import { ShownFile } from '../common/record.js' */
/** @import { Outcome, SavingState } from './saving.js' */
/** @import { Kind } from './shown-file.js' */

/** @typedef {SavingState | 'loading' | 'asking' | 'invited' | 'used' | 'absent' | 'deleted'} PageState docs/PAGE.md lists the states */

/**
 * The states in which a file is shown.
 *
 * @type {Set<PageState>}
 */
const WITH_FILE = new Set(['ready', 'saving', 'done', 'cancelled', 'failed']);
/**
 * The states in which the person has files here, or may have.
 *
 * @type {Set<PageState>}
 */
const AT_HOME = new Set(['asking', 'deleted', 'absent']);

/**
 * The text below the title in states without a file.
 *
 * @type {Partial<Record<PageState, 'fileWaits' | 'fileAsks'>>}
 */
const WAITS = { loading: 'fileWaits', asking: 'fileAsks' };

export class FileView {
  #announce;
  #isOwn = false;
  // The page begins in the state that its markup says.
  #main = /** @type {HTMLElement} */ (document.querySelector('main'));

  /** @param {Announce} announce */
  constructor(announce) {
    this.#announce = announce;
  }

  get state() {
    return /** @type {PageState} */ (this.#main.dataset.state);
  }

  // Whether a file is shown.
  get hasFile() {
    return WITH_FILE.has(this.state);
  }

  /** @param {PageState} state */
  enter(state) {
    this.#main.dataset.state = state;
    const hasFile = WITH_FILE.has(state);
    find('nav').hidden = !AT_HOME.has(state) && !(hasFile && this.#isOwn);
    find('invitation').hidden = state !== 'invited';
    find('invited').textContent = say('invited');
    find('file').hidden = find('record').hidden = !hasFile;
    find('saving').hidden = state !== 'saving';
    // The button stays in its place, so that a double press does not hit another one.
    find('save').ariaDisabled = String(state === 'saving');
    find('outcome').hidden = state !== 'done' && state !== 'cancelled';
    find('gone').hidden = state !== 'deleted' && state !== 'absent';
    if (!hasFile) {
      find('viewer').replaceChildren();
      find('links').hidden = true;
    }
    const waits = WAITS[state];
    if (!hasFile && state !== 'deleted') find('facts').textContent = waits ? say(waits) : '';
    if (state === 'invited') find('title').textContent = say('invitedTitle');
  }

  // Offers to open a link that came during a download.
  inviteLater() {
    find('invited').textContent = say('invitedLater');
    find('invitation').hidden = false;
    this.#announce(say('invitedLater'));
  }

  /**
   * Shows the record of the caller's own file, or what a link shows of somebody else's. `mayShow`: whether an element
   * of the browser may request the content.
   *
   * @param {ShownFile} file
   * @param {{ isOwn: boolean, mayShow: boolean }} options
   */
  present(file, { isOwn, mayShow }) {
    this.#isOwn = isOwn;
    const name = nameOf(file);
    const { verification, readable_until_ms: untilMs } = file;
    sayAll(find('file'), { name });
    find('title').textContent = name;
    const facts = [bytes(file.size)];
    if (file.content_type) facts.push(shownName(file.content_type));
    if (isOwn && file.uploaded_at_ms !== undefined) facts.push(say('sentAt', { moment: moment(file.uploaded_at_ms) }));
    find('facts').textContent = facts.join(' · ');
    find('verification').textContent = sayVerification(file);
    find('verification').dataset.verification = verification.state;
    const isDamaged = verification.state === 'failed';
    find('damaged').hidden = !isDamaged && (file.unreadable ?? []).length === 0;
    find('damaged').textContent = say(isDamaged ? (isOwn ? 'damagedNext' : 'damagedShared') : 'recordUnreadable');
    find('until').hidden = untilMs === undefined;
    find('until').textContent = say('sharedUntil', { moment: moment(untilMs ?? 0) });
    find('progress').setAttribute('aria-label', say('savingName', { name }));
    find('share-it').hidden = find('delete').hidden = !isOwn;
    this.#offerToShow(mayShow ? kindOf(file.content_type) : undefined, name);
    fillRecord(find('record'), file, this.#announce);
  }

  /**
   * Shows how far the download is.
   *
   * @param {{ size: number, opened: number, status: string }} saving
   */
  figures({ size, opened, status }) {
    find('progress', 'progress').value = size === 0 ? 0 : opened / size;
    find('progress').textContent = find('status').textContent = status;
  }

  /**
   * Shows how it ended, unless it failed.
   *
   * @param {string} sentence
   * @param {Partial<Outcome>} [outcome]
   */
  end(sentence, { address, name } = {}) {
    find('outcome').hidden = false;
    find('outcome-text').textContent = sentence;
    const again = find('save-again', 'a');
    again.hidden = !address;
    again.href = address ?? '';
    again.download = name ?? '';
    this.#announce(sentence);
  }

  /**
   * Shows the picture, audio or video in place of the button that asked for it.
   *
   * @param {ShownFile} file
   */
  show(file) {
    const { id, content_type: contentType } = file;
    const kind = kindOf(contentType);
    if (!kind) return;
    const element = shownFile(kind, id, nameOf(file), () => {
      find('viewer').replaceChildren();
      this.end(say('notShown'));
    });
    find('viewer').replaceChildren(element);
    find('show').hidden = true;
    if (element instanceof HTMLImageElement) return;
    element.focus();
    // If the browser wants another click first, its own play button is there.
    element.play().catch(() => {});
  }

  /**
   * `mayRetry`: whether a new request may help.
   *
   * @param {Failure} failure
   * @param {boolean} mayRetry
   */
  tell(failure, mayRetry) {
    const { text, next } = sayReadFailure(failure);
    const problem = find('problem');
    const facts = find('problem-facts');
    part(problem, 'problem-text').textContent = text;
    part(problem, 'problem-next').textContent = next;
    problem.hidden = facts.hidden = false;
    part(facts, 'problem-code').textContent = failure.code;
    part(facts, 'problem-request').textContent = failure.requestId ? say('request', { id: failure.requestId }) : '';
    find('again').hidden = !mayRetry;
  }

  tellNothing() {
    find('problem').hidden = find('problem-facts').hidden = true;
  }

  /**
   * @param {Kind | undefined} kind
   * @param {string} name
   */
  #offerToShow(kind, name) {
    find('show').hidden = !kind;
    if (!kind) {
      find('who-opens').textContent = say('openedHere');
      return;
    }
    const { text, label, what } = wordsFor(kind, name);
    find('show').textContent = text;
    find('show').ariaLabel = label;
    find('who-opens').textContent = say('openedThere', { what });
  }
}
