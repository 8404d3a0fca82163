// Makes the element of one file in the list of files.

import { copyOf, part } from '../common/find.js';
import { nameOf } from '../common/names.js';
import { bytes, moment } from '../common/numbers.js';
import { fillRecord, pageOf, sayVerification } from '../common/record.js';
import { say, sayAll } from '../common/sentences.js';

/** @import { FileRecord } from '../module/api.js' */
/** @import { Announce } from '../common/announcer.js' */

/**
 * @param {HTMLTemplateElement} template
 * @param {FileRecord} record
 * @param {{ share: (record: FileRecord) => void, remove: (record: FileRecord) => void, announce: Announce }} actions
 */
export function listedFile(template, record, actions) {
  const element = copyOf(template);
  const its = (/** @type {string} */ name) => part(element, name);
  const name = nameOf(record);
  const { verification } = record;
  sayAll(element, { name });
  element.dataset.fileId = record.id;
  element.dataset.verification = verification.state;
  const base = name.lastIndexOf('/') + 1;
  its('file-folder').textContent = name.slice(0, base);
  its('file-base').textContent = name.slice(base);
  its('file-size').textContent = bytes(record.size);
  part(element, 'open', 'a').href = pageOf(record.id);
  its('share').addEventListener('click', () => actions.share(record));
  its('delete').addEventListener('click', () => actions.remove(record));
  const isDamaged = verification.state === 'failed';
  const words = [say('sentAt', { moment: moment(record.uploaded_at_ms) })];
  const found = sayVerification(record);
  if (found && !isDamaged) words.push(found);
  its('file-status').textContent = words.join(' · ');
  const isUnreadable = !isDamaged && (record.unreadable ?? []).length > 0;
  its('problem').hidden = !isDamaged && !isUnreadable;
  its('problem-text').textContent = isDamaged ? `${found}.` : say('recordUnreadable');
  its('problem-next').hidden = isUnreadable;
  fillRecord(its('record'), record, actions.announce);
  return element;
}
