// Stands in for what a document gives the scripts, as far as these tests need it.

export class FakeElement extends EventTarget {
  hidden = false;
  textContent = '';
  value = '';
  dataset = {};
  children = [];
  parent;
  #parts = new Map();

  // Every element has every part, so a test sees what a script does with it.
  querySelector(selector) {
    const ofUpload = selector.match(/^\[data-upload-id="(.+)"\]$/);
    if (ofUpload) return this.children.find((child) => child.dataset.uploadId === ofUpload[1]) ?? null;
    const name = selector.replace(/^[a-z]*/, '');
    if (!this.#parts.has(name)) this.#parts.set(name, new FakeElement());
    return this.#parts.get(name);
  }

  querySelectorAll() {
    return [];
  }

  cloneNode() {
    return new FakeElement();
  }

  append(...elements) {
    for (const element of elements) element.parent = this;
    this.children.push(...elements);
  }

  replaceChildren() {
    this.children = [];
  }

  remove() {
    this.parent.children = this.parent.children.filter((child) => child !== this);
  }

  contains() {
    return false;
  }

  focus() {
    FakeElement.focused = this;
  }

  setCustomValidity(problem) {
    this.problem = problem;
  }

  setAttribute() {}

  click() {
    this.dispatchEvent(new Event('click'));
  }
}

export class FakeForm extends FakeElement {
  get input() {
    return this.querySelector('input.api-key');
  }

  get decline() {
    return this.querySelector('.decline');
  }

  reportValidity() {
    return !this.input.problem;
  }

  submit(text) {
    this.input.value = text;
    this.dispatchEvent(new Event('submit', { cancelable: true }));
  }
}

export function fakeTemplate() {
  return { content: { firstElementChild: new FakeElement() } };
}

globalThis.HTMLElement = FakeElement;
globalThis.CSS = { escape: (text) => text };
globalThis.document = { baseURI: 'https://sealift.example/', activeElement: undefined };

// The locks that tabs of this browser hold.
export const held = [];
Object.defineProperty(globalThis, 'navigator', { value: { locks: { query: async () => ({ held: held.map((name) => ({ name })) }) } } });

// Lets everything run that waits for promises only.
export function settled() {
  return new Promise((resolve) => setImmediate(resolve));
}
