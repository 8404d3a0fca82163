// File names as they are shown: what is invisible in them, or turns the text around, is made visible.

import { say } from './sentences.js';

const INVISIBLE = /[\p{Cc}\p{Cf}\u2028\u2029\ufffd]|\p{Cs}/gu;

export function shownName(name) {
  return name.replace(INVISIBLE, (mark) => `[U+${mark.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}]`);
}

// The name of a file or an upload as it is shown: a sentence where the server could not read it.
export function nameOf({ name, unreadable = [] }) {
  return unreadable.includes('name') ? say('nameUnreadable') : shownName(name);
}
