// Lists uploads of an earlier visit that can be resumed.

import { copies } from '../common/copy.js';
import { detailsOfUnfinished } from '../common/details.js';
import { copyOf, part } from '../common/find.js';
import { fileOf } from './handles.js';
import { nameOf } from '../common/names.js';
import { bytes, moment } from '../common/numbers.js';
import { say, sayAll } from '../common/sentences.js';

/** @import { UploadSummary } from '../module/api.js' */
/** @import { Announce } from '../common/announcer.js' */
/** @import { FoundFile } from './folders.js' */
/** @import { Handles } from './handles.js' */

/**
 * A file for an unfinished upload. Its name does not matter if it is known which upload it is for.
 *
 * @typedef {Omit<FoundFile, 'name'>} FileAgain
 */

/**
 * `discard` resolves to whether the upload is gone.
 *
 * @typedef {object} UnfinishedActions
 * @property {(upload: UploadSummary, found: FileAgain) => void} goOn
 * @property {() => Promise<FileAgain>} chooseAgain
 * @property {(upload: UploadSummary) => Promise<boolean>} discard
 * @property {() => void} reload
 * @property {Announce} announce
 */

const LOOK_EVERY_MS = 2000;

export class Unfinished {
  #section;
  #template;
  #handles;
  #actions;
  /** @type {Map<string, UploadSummary>} */
  #uploads = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {HTMLElement} section
   * @param {HTMLTemplateElement} template
   * @param {Pick<Handles, 'of' | 'uploadIds'>} handles
   * @param {UnfinishedActions} actions
   */
  constructor(section, template, handles, actions) {
    this.#section = section;
    this.#template = template;
    this.#handles = handles;
    this.#actions = actions;
  }

  /**
   * Gets the uploads from `list`, and shows those that are not `known` to the page already.
   *
   * @param {() => Promise<UploadSummary[]>} list
   * @param {(uploadId: string) => boolean} known
   */
  async load(list, known) {
    const kept = await this.#handles.uploadIds();
    const uploads = await list();
    const elsewhere = await sentElsewhere();
    this.#uploads.clear();
    this.#items.replaceChildren();
    for (const upload of uploads) {
      if (known(upload.upload_id)) continue;
      this.#uploads.set(upload.upload_id, upload);
      this.#items.append(this.#item(upload, kept.includes(upload.upload_id), elsewhere.has(upload.upload_id)));
    }
    this.#section.hidden = this.#uploads.size === 0;
    this.#watch(elsewhere);
  }

  /**
   * Returns an unfinished upload that the found file may belong to.
   *
   * @param {FoundFile} found
   */
  match({ file, name }) {
    const fits = [...this.#uploads.values()].filter((upload) => upload.size === file.size);
    return fits.find((upload) => upload.name === name) ?? fits.find((upload) => upload.name.endsWith(`/${name}`));
  }

  /**
   * Removes an upload that became a row of the page, or is gone.
   *
   * @param {string} uploadId
   */
  remove(uploadId) {
    if (!this.#uploads.delete(uploadId)) return;
    const item = this.#itemOf(uploadId);
    const hadFocus = item?.contains(document.activeElement);
    const next = item?.nextElementSibling ?? item?.previousElementSibling;
    item?.remove();
    this.#section.hidden = this.#uploads.size === 0;
    if (hadFocus && next instanceof HTMLElement) next.focus();
  }

  /**
   * Reloads the list once another tab, which may be a page that is closing, releases one of the uploads.
   *
   * @param {Set<string>} elsewhere
   */
  #watch(elsewhere) {
    clearTimeout(this.#timer);
    if (![...elsewhere].some((uploadId) => this.#uploads.has(uploadId))) return;
    this.#timer = setTimeout(async () => {
      const now = await sentElsewhere();
      if ([...elsewhere].every((uploadId) => now.has(uploadId))) this.#watch(elsewhere);
      else this.#actions.reload();
    }, LOOK_EVERY_MS);
  }

  get #items() {
    return part(this.#section, 'files', 'ol');
  }

  /** @param {string} uploadId */
  #itemOf(uploadId) {
    return this.#items.querySelector(`[data-upload-id="${CSS.escape(uploadId)}"]`);
  }

  /**
   * @param {UploadSummary} upload
   * @param {boolean} hasHandle
   * @param {boolean} isElsewhere
   */
  #item(upload, hasHandle, isElsewhere) {
    const item = copyOf(this.#template);
    const its = (/** @type {string} */ name) => part(item, name);
    const name = nameOf(upload);
    sayAll(item, { name });
    item.dataset.uploadId = upload.upload_id;
    its('file-name').textContent = name;
    its('file-size').textContent = bytes(upload.size);
    // How much of it is stored becomes known only when it is resumed.
    const words = [say('begun', { moment: moment(upload.opened_at_ms) }), say('keptUntil', { moment: moment(upload.expires_at_ms) })];
    its('file-status').textContent = (isElsewhere ? [say('elsewhere')] : words).join(' · ');
    its('continue').hidden = !hasHandle;
    its('continue').addEventListener('click', () => this.#continue(upload, its('file-status')));
    its('choose-again').addEventListener('click', async () => {
      this.#actions.goOn(upload, await this.#actions.chooseAgain());
    });
    its('discard').addEventListener('click', async () => {
      if (await this.#actions.discard(upload)) this.remove(upload.upload_id);
    });
    copies(its('copy-details'), () => detailsOfUnfinished(upload), this.#actions.announce);
    return item;
  }

  /**
   * @param {UploadSummary} upload
   * @param {HTMLElement} status
   */
  async #continue(upload, status) {
    const handle = await this.#handles.of(upload.upload_id);
    const file = handle && (await fileOf(handle));
    if (file) {
      this.#actions.goOn(upload, { file, handle });
      return;
    }
    status.textContent = say('notPermitted');
    this.#actions.announce(say('notPermitted'));
  }
}

// Returns the uploads of other tabs of this browser. The module holds a lock for each.
async function sentElsewhere() {
  const { held } = (await navigator.locks?.query()) ?? {};
  return new Set(held?.map(({ name }) => name?.replace('sealift-upload-', '') ?? ''));
}
