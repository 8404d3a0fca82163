// Formats file names for display: invisible characters, and those that reverse text, become visible.

import { say } from './sentences.js';

const INVISIBLE = /[\p{Cc}\p{Cf}\u2028\u2029\ufffd]|\p{Cs}/gu;

/** @import { UnreadableField } from '../module/api.js' */

/** @param {string} name */
export function shownName(name) {
  return name.replace(INVISIBLE, (mark) => `[U+${Number(mark.codePointAt(0)).toString(16).toUpperCase().padStart(4, '0')}]`);
}

/**
 * Returns the displayed name of a file or an upload, or a sentence if the server could not read the name.
 *
 * @param {{ name: string, unreadable?: UnreadableField[] }} record
 */
export function nameOf({ name, unreadable = [] }) {
  return unreadable.includes('name') ? say('nameUnreadable') : shownName(name);
}
