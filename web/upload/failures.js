// Decides what a person can do about a failure.

/** @import { Entry } from './entry.js' */

// With these codes the same file would fail in the same way.
const LASTING = new Set(['file_too_large', 'part_too_large', 'invalid_name']);

/** @typedef {'retry' | 'start-anew' | 'choose-again' | 'discard'} Remedy the class of a button */

/**
 * Returns whether the server has nothing of this entry that could be resumed.
 *
 * @param {Entry} entry
 */
export function isGone(entry) {
  return !entry.uploadId || entry.state === 'cancelled' || entry.state === 'done' || (entry.state === 'failed' && !entry.canGoOn);
}

/**
 * Returns the buttons that help.
 *
 * @param {Entry} entry
 * @returns {Remedy[]}
 */
export function remedies(entry) {
  if (entry.state === 'left') return ['choose-again', 'discard'];
  if (entry.state !== 'failed' || !entry.failure) return [];
  const { code } = entry.failure;
  if (LASTING.has(code)) return [];
  if (!entry.canGoOn) return ['start-anew'];
  if (code === 'other_tab') return ['retry'];
  /** @type {Remedy[]} */
  const first = code === 'file_changed' ? ['start-anew', 'choose-again'] : ['retry'];
  return entry.uploadId ? [...first, 'discard'] : first;
}
