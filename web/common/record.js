// Displays a stored file's record: whether it was verified, and the details.

import { copies } from './copy.js';
import { part } from './find.js';
import { bytes, moment } from './numbers.js';
import { say } from './sentences.js';

/** @import { FileRecord, SharedFile, UnreadableField, Verification } from '../module/api.js' */
/** @import { Announce } from './announcer.js' */

/**
 * A file as a page shows it: the caller's own record, or what a share link shows of somebody else's.
 *
 * @typedef {Pick<SharedFile, keyof SharedFile & keyof FileRecord> & Partial<FileRecord> & Partial<SharedFile> & { id: string }} ShownFile
 */

// The buttons that already copy, because a record may be filled again.
const copying = new WeakSet();

/**
 * Returns the address of a file's page, relative to the list and to the page that sends.
 *
 * @param {string} fileId
 */
export function pageOf(fileId) {
  return `files/${encodeURIComponent(fileId)}`;
}

/**
 * Returns a sentence about the result of the server's check, or '' if this page does not know the state.
 *
 * @param {{ verification: Verification, unreadable?: UnreadableField[] }} record
 */
export function sayVerification({ verification: found, unreadable = [] }) {
  if (unreadable.includes('verification')) return say('verificationUnreadable');
  if (found.state === 'pending') return say('pending');
  if (found.state === 'verified') return say('verified', { moment: moment(found.at_ms) });
  return found.state === 'failed' ? say('damaged', { moment: moment(found.at_ms) }) : '';
}

/**
 * Fills in the details of a record, and hides those that a share link does not show.
 *
 * @param {HTMLElement} element
 * @param {ShownFile} record
 * @param {Announce} announce
 */
export function fillRecord(element, record, announce) {
  const { verification } = record;
  const values = {
    'plaintext-sha256': verification.state === 'verified' && verification.plaintext_sha256,
    'media-type': record.content_type,
    'file-id': record.id,
    object: record.bucket && `s3://${record.bucket}/${record.object_key}`,
    'encrypted-data-key': record.encrypted_data_key,
    'sealed-size': record.sealed_size && bytes(record.sealed_size),
  };
  for (const [name, value] of Object.entries(values)) {
    const place = part(element, name);
    place.textContent = value || '';
    rowOf(place).hidden = !value;
  }
  copyButtons(element, announce);
}

/**
 * Makes the buttons of a record copy what stands before them.
 *
 * @param {HTMLElement} element
 * @param {Announce} announce
 */
export function copyButtons(element, announce) {
  for (const button of element.querySelectorAll('button')) {
    if (!button.matches('.copy') || copying.has(button)) continue;
    copying.add(button);
    const what = rowOf(button).querySelector('dt')?.textContent ?? '';
    button.setAttribute('aria-label', say('copyName', { what }));
    copies(button, () => button.previousElementSibling?.textContent ?? '', announce);
  }
}

/**
 * Returns the line of a record that an element stands in.
 *
 * @param {HTMLElement} element
 */
function rowOf(element) {
  return element.closest('div') ?? element;
}
