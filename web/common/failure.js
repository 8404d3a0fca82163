// Makes failures like those of the module, and tells them from other errors.

/** @import { Failure } from '../module/report.js' */

/**
 * @param {string} code
 * @param {number} [status]
 * @returns {Failure}
 */
export function failureOf(code, status) {
  return { code, detail: '', status, numbers: {} };
}

/**
 * Returns whether an error of the browser has that name.
 *
 * @param {unknown} error
 * @param {string} name
 */
export function isNamed(error, name) {
  return error instanceof Error && error.name === name;
}

/**
 * Failures have a text as their code; the browser's own errors have a number there.
 *
 * @param {any} reason
 * @returns {reason is Failure}
 */
export function isFailure(reason) {
  return typeof reason?.code === 'string';
}
