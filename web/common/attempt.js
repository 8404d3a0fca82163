// Runs an action of a dialog or a list, and shows its failure there.

import { isFailure } from './failure.js';
import { sayReadFailure } from './problems.js';

/**
 * Hides the last failure, and shows that of this action.
 *
 * @param {HTMLElement} problem the element that shows it
 * @param {() => Promise<void>} action
 */
export async function attempt(problem, action) {
  problem.hidden = true;
  try {
    await action();
  } catch (failure) {
    if (!isFailure(failure)) throw failure;
    const { text, next } = sayReadFailure(failure);
    problem.textContent = `${text} ${next}`;
    problem.hidden = false;
  }
}
