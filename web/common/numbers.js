// Formats counts, sizes and times.

import { say } from './sentences.js';

const UNITS = ['kB', 'MB', 'GB', 'TB', 'PB'];
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const moments = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });

/** @param {number} count */
export function amount(count) {
  return whole.format(count);
}

/**
 * Formats a date and a time, in this device's time zone.
 *
 * @param {number} atMs
 */
export function moment(atMs) {
  return moments.format(atMs);
}

/** @param {number} count */
export function bytes(count) {
  if (count < 999.5) return `${whole.format(count)} ${Math.round(count) === 1 ? 'byte' : 'bytes'}`;
  let amount = count / 1000;
  let unit = 0;
  while (amount >= 999.5 && unit < UNITS.length - 1) {
    amount /= 1000;
    unit += 1;
  }
  return `${(amount < 99.95 ? tenths : whole).format(amount)} ${UNITS[unit]}`;
}

/** @param {number} seconds */
export function timeLeft(seconds) {
  if (seconds < 5) return say('almostThere');
  if (seconds < 90) return say('secondsLeft', { count: Math.ceil(seconds / 5) * 5 });
  if (seconds < 5400) return say('minutesLeft', { count: Math.round(seconds / 60) });
  return say('hoursLeft', { count: Math.round(seconds / 3600) });
}
