// Displays one file that is sent, from waiting to its end.

import { copies } from '../common/copy.js';
import { copyOf, part } from '../common/find.js';
import { details } from '../common/details.js';
import { remedies } from './failures.js';
import { bytes, timeLeft } from '../common/numbers.js';
import { sayFailure } from '../common/problems.js';
import { copyButtons, pageOf } from '../common/record.js';
import { say, sayAll } from '../common/sentences.js';

/** @import { Announce } from '../common/announcer.js' */
/** @import { Entry, State } from './entry.js' */

/** @typedef {(typeof BUTTONS)[number]} Action the class of the pressed button */

/**
 * @typedef {object} RowActions
 * @property {(what: Action, entry: Entry) => void} action
 * @property {(entry: Entry, event: Event) => void} download
 * @property {(entry: Entry) => void} share
 * @property {Announce} announce
 */

const REMEDIES = /** @type {const} */ (['retry', 'start-anew', 'choose-again', 'discard']);
const BUTTONS = /** @type {const} */ (['pause', 'continue', 'cancel', ...REMEDIES, 'confirm-yes', 'confirm-no']);
/**
 * The states in which somebody may want to ask for help.
 *
 * @type {Set<State>}
 */
const WITH_FACTS = new Set(['paused', 'unchecked', 'failed', 'left']);

export class Row {
  #entry;
  /** @type {State | undefined} */
  #shownState;

  /**
   * @param {Entry} entry
   * @param {HTMLTemplateElement} template
   * @param {RowActions} actions
   */
  constructor(entry, template, { action, download, share, announce }) {
    this.#entry = entry;
    this.element = copyOf(template);
    sayAll(this.element, { name: entry.name });
    for (const what of BUTTONS) {
      const button = this.#part(what);
      button.addEventListener('click', () => {
        if (button.ariaDisabled !== 'true') action(what, entry);
      });
    }
    const { name } = entry;
    const base = name.lastIndexOf('/') + 1;
    this.#part('file-folder').textContent = name.slice(0, base);
    this.#part('file-base').textContent = name.slice(base);
    this.#part('file-progress').setAttribute('aria-label', say('progressName', { name }));
    this.#part('download').addEventListener('click', (event) => download(entry, event));
    copies(this.#part('copy-details'), () => details(entry), announce);
    this.#part('share').addEventListener('click', () => share(entry));
    copyButtons(this.element, announce);
    this.show();
  }

  // Shows the entry's present state. If the focused button disappears, the focus stays in the row.
  show() {
    const hadFocus = this.element.contains(document.activeElement);
    this.#show();
    const focused = document.activeElement;
    if (!hadFocus || (focused && this.element.contains(focused) && focused.checkVisibility())) return;
    const next = ['pause', 'continue', 'confirm-yes'].map((what) => this.#part(what));
    (next.find((button) => button.checkVisibility()) ?? this.element).focus();
  }

  #show() {
    const entry = this.#entry;
    const { dataset } = this.element;
    dataset.state = entry.state;
    set(dataset, 'reason', entry.reason);
    set(dataset, 'uploadId', entry.uploadId);
    this.#part('pause').hidden = !entry.canPause;
    this.#part('continue').hidden = !entry.canContinue;
    this.#part('cancel').hidden = !entry.canCancel;
    // `disabled` would lose the keyboard focus.
    this.#part('pause').ariaDisabled = String(entry.asked !== undefined);
    this.#part('cancel').ariaDisabled = String(entry.asked === 'cancelling');
    this.#part('facts').hidden = !WITH_FACTS.has(entry.state) && entry.reason === undefined;
    this.#progress();
    this.#part('file-status').textContent = status(entry);
    // The rest does not change within a state.
    if (this.#shownState === entry.state) return;
    this.#shownState = entry.state;
    this.#part('file-size').textContent = bytes(entry.file.size);
    this.#question();
    this.#problem();
    this.#result();
  }

  #progress() {
    const { state, file, sent, compared, toCompare, canCancel } = this.#entry;
    const element = part(this.element, 'file-progress', 'progress');
    element.hidden = !canCancel || state === 'known';
    const [amount, of] = state === 'comparing' ? [compared, toCompare] : [sent, file.size];
    element.value = of === 0 ? Number(state === 'checking') : amount / of;
    element.textContent = say('sentOf', { sent: bytes(amount), size: bytes(of) });
  }

  #question() {
    const { state } = this.#entry;
    const asks = state === 'known' || state === 'unchecked';
    this.#part('question').hidden = !asks;
    if (!asks) return;
    this.#part('question-text').textContent = say(`${state}Question`);
    this.#part('confirm-yes').textContent = say(`${state}Yes`);
    this.#part('confirm-no').textContent = say(`${state}No`);
  }

  #problem() {
    const { state, failure } = this.#entry;
    const helpful = remedies(this.#entry);
    for (const what of REMEDIES) this.#part(what).hidden = !helpful.includes(what);
    this.#part('remedies').hidden = helpful.length === 0;
    this.#part('problem').hidden = state !== 'failed';
    const shown = state === 'failed' ? failure : undefined;
    const { text, next } = shown ? sayFailure(shown) : { text: '', next: '' };
    this.#part('problem-text').textContent = text;
    this.#part('problem-next').textContent = next;
    this.#part('problem-code').textContent = shown?.code ?? '';
    this.#part('problem-request').textContent = shown?.requestId ? say('request', { id: shown.requestId }) : '';
  }

  #result() {
    const { state, record, address } = this.#entry;
    this.#part('result').hidden = state !== 'done';
    if (state !== 'done' || !record) return;
    this.element.dataset.fileId = record.id;
    part(this.element, 'open', 'a').href = pageOf(record.id);
    this.#part('address').textContent = address;
    const download = part(this.element, 'download', 'a');
    download.href = address;
    download.download = '';
    this.#part('object').textContent = `s3://${record.bucket}/${record.object_key}`;
    this.#part('encrypted-data-key').textContent = record.encrypted_data_key;
    this.#part('file-id').textContent = record.id;
    this.#part('sealed-size').textContent = bytes(record.sealed_size);
  }

  /** @param {string} name */
  #part(name) {
    return part(this.element, name);
  }
}

/** @param {Entry} entry */
function status(entry) {
  const { state, reason, asked, isRetrying, file, sent, compared, toCompare, speed } = entry;
  if (asked) return say(asked);
  const words = [say(reason ?? (isRetrying ? 'retrying' : state))];
  if (state === 'comparing') words.push(say('sentOf', { sent: bytes(compared), size: bytes(toCompare) }));
  if (state === 'sending' || (state === 'paused' && sent > 0)) words.push(say('sentOf', { sent: bytes(sent), size: bytes(file.size) }));
  const perSecond = state === 'sending' && !isRetrying ? speed.perSecond() : 0;
  if (perSecond > 0) words.push(say('perSecond', { amount: bytes(perSecond) }), timeLeft((file.size - sent) / perSecond));
  return words.join(' · ');
}

/**
 * @param {DOMStringMap} dataset
 * @param {string} name
 * @param {string | undefined} value
 */
function set(dataset, name, value) {
  if (value) dataset[name] = value;
  else delete dataset[name];
}
