// Makes the sentences about what happens to files.

import { amount } from '../common/numbers.js';
import { sayFailure } from '../common/problems.js';
import { say } from '../common/sentences.js';

/** @import { Announce } from '../common/announcer.js' */
/** @import { Entry } from './entry.js' */
/** @import { Change } from './sending.js' */

const MOST_NAMES = 3;

/**
 * Announces a change of an entry, if it is worth a sentence.
 *
 * @param {Entry} entry
 * @param {Change} what
 * @param {Announce} announce
 */
export function announceChange({ name, reason, failure }, what, announce) {
  switch (what) {
    case 'done':
      return announce(say('announceDone', { name }), 'done');
    case 'failed':
      return announce(say('announceFailed', { name, text: failure && sayFailure(failure).text }), 'failed');
    case 'cancelled':
      return announce(say('announceCancelled', { name }));
    case 'left':
      return announce(say('announceLeft', { name }));
    case 'paused':
      return announce(say('announcePaused', { name }));
    case 'goes-on':
      return announce(say('announceGoesOn', { name }));
    case 'unchecked':
      return announce(`${name}: ${say('uncheckedQuestion')}`);
    case 'waiting':
      return announce(`${name}: ${say(reason ?? 'waiting')}`);
    default:
      return undefined;
  }
}

/**
 * Makes a sentence with the first of these names.
 *
 * @param {'unreadable' | 'emptyFolder'} sentence
 * @param {string[]} all
 */
export function sayNames(sentence, all) {
  const names = all.slice(0, MOST_NAMES).join(', ');
  const others = all.length - MOST_NAMES;
  return say(others > 0 ? `${sentence}Many` : sentence, { names, count: amount(others) });
}
