// Finds the elements that the markup of the pages has.

/**
 * Returns the element with that id. `tag` is its name if the caller uses more than every element has.
 *
 * @template {keyof HTMLElementTagNameMap} [Tag='b']
 * @param {string} id
 * @param {Tag} [tag]
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function find(id, tag) {
  return found(document, `${tag ?? ''}#${id}`);
}

/**
 * Returns the first element of that class below `root`.
 *
 * @template {keyof HTMLElementTagNameMap} [Tag='b']
 * @param {ParentNode} root
 * @param {string} name
 * @param {Tag} [tag]
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function part(root, name, tag) {
  return found(root, `${tag ?? ''}.${name}`);
}

/**
 * Returns a copy of the one element of a template.
 *
 * @param {HTMLTemplateElement} template
 * @returns {HTMLElement}
 */
export function copyOf(template) {
  return /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
}

/**
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {any}
 */
function found(root, selector) {
  const element = root.querySelector(selector);
  if (!element) throw new TypeError(`this page has no ${selector}`);
  return element;
}
