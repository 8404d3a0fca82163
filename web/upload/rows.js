// The list of files. Only rows near the visible area are in the document, so the list may be long.

import { Row } from './row.js';

/** @import { Entry } from './entry.js' */
/** @import { RowActions } from './row.js' */

/** @typedef {{ element: HTMLElement, entries: Set<Entry>, rows: Map<Entry, Row> | undefined }} Block */

const BLOCK = 20;
// Up to this many rows are all in the document, so that the browser's search finds them.
const MOST_WHOLE = 200;
const NEAR = '1000px';
// The assumed height of a row in pixels, until its block was displayed.
const GUESSED_HEIGHT = 76;

export class Rows {
  #list;
  #make;
  /** @type {Block[]} */
  #blocks = [];
  /** @type {Map<Entry, Block>} */
  #blockOf = new Map();
  /** @type {WeakMap<Element, Block>} */
  #blockIn = new WeakMap();
  #count = 0;
  #observer = new IntersectionObserver((seen) => this.#seen(seen), { rootMargin: NEAR });

  /**
   * @param {HTMLElement} list
   * @param {HTMLTemplateElement} template
   * @param {RowActions} actions
   */
  constructor(list, template, actions) {
    this.#list = list;
    this.#make = (/** @type {Entry} */ entry) => new Row(entry, template, actions);
  }

  /** @param {Entry} entry */
  add(entry) {
    let block = this.#blocks.at(-1);
    if (!block || block.entries.size >= BLOCK) block = this.#addBlock();
    block.entries.add(entry);
    this.#blockOf.set(entry, block);
    this.#count += 1;
    if (this.#count === MOST_WHOLE + 1) this.#lookAgain();
    if (block.rows || this.#isWhole) this.#mount(block);
    else if (block.entries.size === BLOCK) holdOpen(block);
  }

  /** @param {Entry} entry */
  show(entry) {
    this.#blockOf.get(entry)?.rows?.get(entry)?.show();
  }

  /** @param {Entry[]} entries */
  remove(entries) {
    for (const entry of entries) {
      const block = this.#blockOf.get(entry);
      if (!block) continue;
      block.rows?.get(entry)?.element.remove();
      block.rows?.delete(entry);
      block.entries.delete(entry);
      this.#blockOf.delete(entry);
      this.#count -= 1;
    }
    this.#blocks = this.#blocks.filter((block) => {
      if (block.entries.size > 0) return true;
      this.#observer.unobserve(block.element);
      block.element.remove();
      return false;
    });
    if (this.#isWhole) for (const block of this.#blocks) this.#mount(block);
  }

  get #isWhole() {
    return this.#count <= MOST_WHOLE;
  }

  // Removes distant rows from now on. An observer reports each block once when it starts.
  #lookAgain() {
    this.#observer.disconnect();
    for (const { element } of this.#blocks) this.#observer.observe(element);
  }

  #addBlock() {
    const element = document.createElement('ol');
    // Screen readers get all blocks as one list.
    element.role = 'none';
    /** @type {Block} */
    const block = { element, entries: new Set(), rows: undefined };
    this.#blockIn.set(element, block);
    this.#blocks.push(block);
    this.#list.append(element);
    this.#observer.observe(element);
    return block;
  }

  /** @param {IntersectionObserverEntry[]} seen */
  #seen(seen) {
    for (const { target, isIntersecting } of seen) {
      const block = this.#blockIn.get(target);
      if (!block) continue;
      if (isIntersecting || this.#isWhole) this.#mount(block);
      else unmount(block);
    }
  }

  /**
   * Makes the missing rows of a block.
   *
   * @param {Block} block
   */
  #mount(block) {
    if (!block.rows) {
      block.rows = new Map();
      block.element.style.minHeight = '';
    }
    for (const entry of block.entries) {
      if (block.rows.has(entry)) continue;
      const row = this.#make(entry);
      block.rows.set(entry, row);
      block.element.append(row.element);
    }
  }
}

/** @param {Block} block */
function unmount(block) {
  if (!block.rows || block.element.contains(document.activeElement)) return;
  block.element.style.minHeight = `${block.element.offsetHeight}px`;
  block.rows = undefined;
  block.element.replaceChildren();
}

/** @param {Block} block */
function holdOpen(block) {
  block.element.style.minHeight = `${block.entries.size * GUESSED_HEIGHT}px`;
}
