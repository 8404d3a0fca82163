// File names as they are shown: what is invisible in them, or turns the text around, is made visible.

const INVISIBLE = /[\p{Cc}\p{Cf}\u2028\u2029\ufffd]|\p{Cs}/gu;

export function shownName(name) {
  return name.replace(INVISIBLE, (mark) => `[U+${mark.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}]`);
}
