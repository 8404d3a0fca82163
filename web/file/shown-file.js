// Shows pictures, audio and video on the page of a file. The browser's elements do not decrypt and send no API key, so
// the server decrypts these. It checks the bytes itself and sends nothing that could run.

import { say } from '../common/sentences.js';

/** @typedef {'img' | 'audio' | 'video'} Kind the name of an element */

/**
 * The types that browsers show. The server decides by the file's content.
 *
 * @type {Record<Kind, string[]>}
 */
const KINDS = {
  img: ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif', 'image/bmp'],
  audio: [
    'audio/mpeg',
    'audio/mp3',
    'audio/aac',
    'audio/ogg',
    'audio/wav',
    'audio/x-wav',
    'audio/vnd.wave',
    'audio/wave',
    'audio/flac',
    'audio/x-flac',
    'audio/mp4',
    'audio/x-m4a',
    'audio/webm',
  ],
  video: ['video/mp4', 'video/webm', 'video/ogg', 'video/quicktime'],
};

/**
 * Returns the name of the element that shows this type, or undefined if there is none.
 *
 * @param {string | null} contentType
 */
export function kindOf(contentType) {
  const [plain = ''] = (contentType ?? '').split(';');
  const kinds = /** @type {Kind[]} */ (Object.keys(KINDS));
  return kinds.find((kind) => KINDS[kind].includes(plain.trim().toLowerCase()));
}

/**
 * Makes the element, which requests the file from the server. `failed` is called if the browser cannot show it.
 *
 * @param {Kind} kind
 * @param {string} fileId
 * @param {string} name
 * @param {() => void} failed
 */
export function shownFile(kind, fileId, name, failed) {
  const element = document.createElement(kind);
  element.addEventListener('error', failed);
  if (element instanceof HTMLImageElement) {
    element.alt = name;
  } else {
    element.controls = true;
    element.preload = 'metadata';
    element.setAttribute('aria-label', name);
  }
  element.src = `/v1/files/${encodeURIComponent(fileId)}/content?inline=1`;
  return element;
}

/**
 * Returns the button's texts, and the words for what the server decrypts for.
 *
 * @param {Kind} kind
 * @param {string} name
 */
export function wordsFor(kind, name) {
  const key = kind === 'img' ? 'preview' : 'play';
  return { text: say(key), label: say(`${key}Name`, { name }), what: say(`${key}ing`) };
}
