// Makes the element of one file in the list of files.

import { nameOf } from '../common/names.js';
import { bytes, moment } from '../common/numbers.js';
import { fillRecord, pageOf, sayVerification } from '../common/record.js';
import { say, sayAll } from '../common/sentences.js';

// `wishes` has `share(record)`, `remove(record)` and `announce`.
export function listedFile(template, record, wishes) {
  const element = template.content.firstElementChild.cloneNode(true);
  const part = (name) => element.querySelector(`.${name}`);
  const name = nameOf(record);
  const { verification } = record;
  sayAll(element, { name });
  element.dataset.fileId = record.id;
  element.dataset.verification = verification.state;
  const base = name.lastIndexOf('/') + 1;
  part('file-folder').textContent = name.slice(0, base);
  part('file-base').textContent = name.slice(base);
  part('file-size').textContent = bytes(record.size);
  part('open').href = pageOf(record.id);
  part('share').addEventListener('click', () => wishes.share(record));
  part('delete').addEventListener('click', () => wishes.remove(record));
  const isDamaged = verification.state === 'failed';
  const words = [say('sentAt', { moment: moment(record.uploaded_at_ms) })];
  const found = sayVerification(record);
  if (found && !isDamaged) words.push(found);
  part('file-status').textContent = words.join(' · ');
  const isUnreadable = !isDamaged && (record.unreadable ?? []).length > 0;
  part('problem').hidden = !isDamaged && !isUnreadable;
  part('problem-text').textContent = isDamaged ? `${found}.` : say('recordUnreadable');
  part('problem-next').hidden = isUnreadable;
  fillRecord(part('record'), record, wishes.announce);
  return element;
}
