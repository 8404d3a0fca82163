// Lists uploads of an earlier visit that can be resumed.

import { copies } from '../common/copy.js';
import { detailsOfUnfinished } from '../common/details.js';
import { fileOf } from './handles.js';
import { nameOf } from '../common/names.js';
import { bytes, moment } from '../common/numbers.js';
import { say, sayAll } from '../common/sentences.js';

const LOOK_EVERY_MS = 2000;

export class Unfinished {
  #section;
  #template;
  #handles;
  #wishes;
  #uploads = new Map();
  #timer;

  // `wishes` has `goOn(upload, found)`, `chooseAgain()` (resolves to what was found), `discard(upload)` (resolves to
  // whether it is gone), `reload()` and `announce`.
  constructor(section, template, handles, wishes) {
    this.#section = section;
    this.#template = template;
    this.#handles = handles;
    this.#wishes = wishes;
  }

  // Gets the uploads from `list`, and shows those that are not `known` to the page already.
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

  // Returns an unfinished upload that the found file may belong to.
  match({ file, name }) {
    const fits = [...this.#uploads.values()].filter((upload) => upload.size === file.size);
    return fits.find((upload) => upload.name === name) ?? fits.find((upload) => upload.name.endsWith(`/${name}`));
  }

  // Removes an upload that became a row of the page, or is gone.
  remove(uploadId) {
    if (!this.#uploads.delete(uploadId)) return;
    const item = this.#itemOf(uploadId);
    const hadFocus = item.contains(document.activeElement);
    const next = item.nextElementSibling ?? item.previousElementSibling;
    item.remove();
    this.#section.hidden = this.#uploads.size === 0;
    if (hadFocus) next?.focus();
  }

  // Reloads the list once another tab, which may be a page that is closing, releases one of the uploads.
  #watch(elsewhere) {
    clearTimeout(this.#timer);
    if (![...elsewhere].some((uploadId) => this.#uploads.has(uploadId))) return;
    this.#timer = setTimeout(async () => {
      const now = await sentElsewhere();
      if ([...elsewhere].every((uploadId) => now.has(uploadId))) this.#watch(elsewhere);
      else this.#wishes.reload();
    }, LOOK_EVERY_MS);
  }

  get #items() {
    return this.#section.querySelector('ol');
  }

  #itemOf(uploadId) {
    return this.#items.querySelector(`[data-upload-id="${CSS.escape(uploadId)}"]`);
  }

  #item(upload, hasHandle, isElsewhere) {
    const item = this.#template.content.firstElementChild.cloneNode(true);
    const part = (name) => item.querySelector(`.${name}`);
    const name = nameOf(upload);
    sayAll(item, { name });
    item.dataset.uploadId = upload.upload_id;
    part('file-name').textContent = name;
    part('file-size').textContent = bytes(upload.size);
    // How much of it is stored becomes known only when it is resumed.
    const words = [say('begun', { moment: moment(upload.opened_at_ms) }), say('keptUntil', { moment: moment(upload.expires_at_ms) })];
    part('file-status').textContent = (isElsewhere ? [say('elsewhere')] : words).join(' · ');
    part('continue').hidden = !hasHandle;
    part('continue').addEventListener('click', () => this.#continue(upload, part('file-status')));
    part('choose-again').addEventListener('click', async () => {
      this.#wishes.goOn(upload, await this.#wishes.chooseAgain());
    });
    part('discard').addEventListener('click', async () => {
      if (await this.#wishes.discard(upload)) this.remove(upload.upload_id);
    });
    copies(part('copy-details'), () => detailsOfUnfinished(upload), this.#wishes.announce);
    return item;
  }

  async #continue(upload, status) {
    const handle = await this.#handles.of(upload.upload_id);
    const file = handle && (await fileOf(handle));
    if (file) return this.#wishes.goOn(upload, { file, handle });
    status.textContent = say('notPermitted');
    this.#wishes.announce(say('notPermitted'));
    return undefined;
  }
}

// Returns the uploads of other tabs of this browser. The module holds a lock for each.
async function sentElsewhere() {
  const { held } = (await navigator.locks?.query()) ?? { held: [] };
  return new Set(held.map(({ name }) => name.replace('sealift-upload-', '')));
}
