// Displays a stored file's record: whether it was verified, and the details.

import { copies } from './copy.js';
import { bytes, moment } from './numbers.js';
import { say } from './sentences.js';

// The buttons that already copy, because a record may be filled again.
const copying = new WeakSet();

// Returns the address of a file's page, relative to the list and to the page that sends.
export function pageOf(fileId) {
  return `files/${encodeURIComponent(fileId)}`;
}

// Returns a sentence about the result of the server's check, or '' if this page does not know the state.
export function sayVerification({ verification: { state, at_ms: atMs }, unreadable = [] }) {
  if (unreadable.includes('verification')) return say('verificationUnreadable');
  if (state === 'pending') return say('pending');
  if (state === 'verified') return say('verified', { moment: moment(atMs) });
  return state === 'failed' ? say('damaged', { moment: moment(atMs) }) : '';
}

// Fills in the details of a record, and hides those that a share link does not show.
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
