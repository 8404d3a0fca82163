// What is known of a file that is there: whether it was verified, and the details below it.

import { copies } from './copy.js';
import { bytes, moment } from './numbers.js';
import { say } from './sentences.js';

// The buttons that copy already: a record may be filled again.
const copying = new WeakSet();

// Where the pages show a file of that id, from the page of all files and the one that sends.
export function pageOf(fileId) {
  return `files/${encodeURIComponent(fileId)}`;
}

// One sentence about what the pass over all of a file found; none where this page does not know the answer.
export function sayVerification({ verification: { state, at_ms: atMs }, unreadable = [] }) {
  if (unreadable.includes('verification')) return say('verificationUnreadable');
  if (state === 'pending') return say('pending');
  if (state === 'verified') return say('verified', { moment: moment(atMs) });
  return state === 'failed' ? say('damaged', { moment: moment(atMs) }) : '';
}

// Fills the details of a record; what somebody with a link is not told is left out.
export function fillRecord(element, record, announce) {
  const { verification } = record;
  const values = {
    'plaintext-sha256': verification.plaintext_sha256,
    'media-type': record.content_type,
    'file-id': record.id ?? record.file_id,
    object: record.bucket && `s3://${record.bucket}/${record.object_key}`,
    'encrypted-data-key': record.encrypted_data_key,
    'sealed-size': record.sealed_size && bytes(record.sealed_size),
  };
  for (const [name, value] of Object.entries(values)) {
    const place = element.querySelector(`.${name}`);
    place.textContent = value ?? '';
    place.closest('div').hidden = !value;
  }
  for (const button of element.querySelectorAll('.copy')) {
    if (copying.has(button)) continue;
    copying.add(button);
    const what = button.closest('div').querySelector('dt').textContent;
    button.setAttribute('aria-label', say('copyName', { what }));
    copies(button, () => button.previousElementSibling.textContent, announce);
  }
}
