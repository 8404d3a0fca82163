// The list of files. Only rows near the visible area are in the document, so the list may be long.

import { Row } from './row.js';

const BLOCK = 20;
// Up to this many rows are all in the document, so that the browser's search finds them.
const MOST_WHOLE = 200;
const NEAR = '1000px';
// The assumed height of a row in pixels, until its block was displayed.
const GUESSED_HEIGHT = 76;

export class Rows {
  #list;
  #make;
  #blocks = [];
  #blockOf = new Map();
  #count = 0;
  #observer = new IntersectionObserver((seen) => this.#seen(seen), { rootMargin: NEAR });

  constructor(list, template, wishes) {
    this.#list = list;
    this.#make = (entry) => new Row(entry, template, wishes);
  }

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

  show(entry) {
    this.#blockOf.get(entry)?.rows?.get(entry)?.show();
  }

  remove(entries) {
    for (const entry of entries) {
      const block = this.#blockOf.get(entry);
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
    if (this.#isWhole) this.#blocks.forEach((block) => this.#mount(block));
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
    const block = { element, entries: new Set(), rows: undefined };
    element.block = block;
    this.#blocks.push(block);
    this.#list.append(element);
    this.#observer.observe(element);
    return block;
  }

  #seen(seen) {
    for (const { target, isIntersecting } of seen) {
      if (isIntersecting || this.#isWhole) this.#mount(target.block);
      else unmount(target.block);
    }
  }

  // Makes the missing rows of a block.
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

function unmount(block) {
  if (!block.rows || block.element.contains(document.activeElement)) return;
  block.element.style.minHeight = `${block.element.offsetHeight}px`;
  block.rows = undefined;
  block.element.replaceChildren();
}

function holdOpen(block) {
  block.element.style.minHeight = `${block.entries.size * GUESSED_HEIGHT}px`;
}
