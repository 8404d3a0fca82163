// Pictures, sound and film on the page of a file. An element of the browser's cannot carry an API key and does not
// decrypt, so the server opens these; it looks at the bytes by itself and gives nothing that could run.

import { say } from './sentences.js';

// What browsers show, by the type that was given. The server decides by what is in the file.
const KINDS = {
  img: ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif', 'image/bmp'],
  audio: ['audio/mpeg', 'audio/mp3', 'audio/aac', 'audio/ogg', 'audio/wav', 'audio/x-wav', 'audio/vnd.wave', 'audio/wave', 'audio/flac', 'audio/x-flac', 'audio/mp4', 'audio/x-m4a', 'audio/webm'],
  video: ['video/mp4', 'video/webm', 'video/ogg', 'video/quicktime'],
};

// The element that shows a file of this type, as a name; undefined where there is none.
export function kindOf(contentType) {
  const plain = (contentType ?? '').split(';')[0].trim().toLowerCase();
  return Object.keys(KINDS).find((kind) => KINDS[kind].includes(plain));
}

// The element, asking the server for the file of that id; `failed` is called where the browser cannot show it.
export function shownFile(kind, fileId, name, failed) {
  const element = document.createElement(kind);
  element.addEventListener('error', failed);
  if (kind === 'img') {
    element.alt = name;
  } else {
    element.controls = true;
    element.preload = 'metadata';
    element.setAttribute('aria-label', name);
  }
  element.src = `/v1/files/${encodeURIComponent(fileId)}/content?inline=1`;
  return element;
}

// What the button says, and what the server decrypts for.
export function wordsFor(kind, name) {
  const key = kind === 'img' ? 'preview' : 'play';
  return { text: say(key), label: say(`${key}Name`, { name }), what: say(`${key}ing`) };
}
