// One file's row: what is seen of it, from waiting to its end.

import { copies } from './copy.js';
import { shownName } from './names.js';
import { bytes, timeLeft } from './numbers.js';
import { say, sayAll, sayProblem } from './sentences.js';
import { Speed } from './speed.js';

// The same file would fail in the same way.
const LASTING = new Set(['file_changed', 'file_too_large', 'part_too_large', 'invalid_name']);

export class Row {
  #speed = new Speed();
  #find;
  #isRetrying = false;

  // `wishes` has `cancel`, `retry`, `download` and `announce`.
  constructor(id, file, template, wishes) {
    this.id = id;
    this.file = file;
    this.name = shownName(file.name);
    this.sent = 0;
    this.element = template.content.firstElementChild.cloneNode(true);
    this.#find = (selector) => this.element.querySelector(selector);
    sayAll(this.element);
    this.#find('.file-name').textContent = this.name;
    this.#find('.file-size').textContent = bytes(file.size);
    this.#find('.file-progress').setAttribute('aria-label', say('progressName', { name: this.name }));
    this.#wire(wishes);
    this.enter('waiting');
  }

  get state() {
    return this.element.dataset.state;
  }

  get isRunning() {
    return ['waiting', 'sealing', 'sending', 'checking'].includes(this.state);
  }

  enter(state) {
    this.element.dataset.state = state;
    this.#isRetrying = false;
    this.#find('.cancel').hidden = !this.isRunning;
    this.#find('.file-progress').hidden = !this.isRunning;
    this.#find('.problem').hidden = state !== 'failed';
    this.#find('.result').hidden = state !== 'done';
    if (state === 'waiting') {
      this.#speed.forget();
      this.#find('.cancel').removeAttribute('aria-disabled');
      this.progress(0);
    }
    if (state === 'checking') this.progress(this.file.size);
    this.#status();
  }

  progress(sent) {
    if (sent > this.sent) this.#isRetrying = false;
    this.sent = sent;
    this.#speed.note(sent);
    const share = this.file.size === 0 ? Number(this.state === 'checking') : sent / this.file.size;
    const progress = this.#find('.file-progress');
    progress.value = share;
    progress.textContent = say('sentOf', { sent: bytes(sent), size: bytes(this.file.size) });
    this.#status();
  }

  retrying() {
    this.#isRetrying = true;
    this.#status();
  }

  cancelling() {
    // Not `disabled`: that would take the keyboard's place away.
    this.#find('.cancel').setAttribute('aria-disabled', 'true');
    this.#find('.file-status').textContent = say('cancelling');
  }

  done({ record, contentPath }) {
    this.record = record;
    this.address = new URL(contentPath, document.baseURI).href;
    this.sent = this.file.size;
    this.element.dataset.fileId = record.id;
    this.#find('.download').href = contentPath;
    this.#find('.download').download = '';
    this.#find('.object').textContent = `s3://${record.bucket}/${record.object_key}`;
    this.#find('.encrypted-data-key').textContent = record.encrypted_data_key;
    this.#find('.file-id').textContent = record.id;
    this.#find('.sealed-size').textContent = bytes(record.sealed_size);
    this.enter('done');
  }

  // Gives what happened, in a sentence.
  failed(failure) {
    const most = failure.numbers?.most_bytes;
    const { text, next } = sayProblem(failure, { most_bytes: most === undefined ? '' : bytes(most) });
    this.#find('.problem-text').textContent = text;
    this.#find('.problem-next').textContent = next;
    this.#find('.problem-code').textContent = failure.code;
    const request = failure.requestId;
    this.#find('.problem-request').textContent = request ? say('request', { id: request }) : '';
    this.enter('failed');
    this.#find('.retry').hidden = LASTING.has(failure.code);
    return text;
  }

  #status() {
    const words = [say(this.#isRetrying ? 'retrying' : this.state)];
    if (this.state === 'sending') {
      words.push(say('sentOf', { sent: bytes(this.sent), size: bytes(this.file.size) }));
      const speed = this.#speed.perSecond();
      if (speed > 0 && !this.#isRetrying) words.push(say('perSecond', { amount: bytes(speed) }), timeLeft((this.file.size - this.sent) / speed));
    }
    this.#find('.file-status').textContent = words.join(' · ');
  }

  #wire({ cancel, retry, download, announce }) {
    // Each name begins with what is seen on the button, so that it can be called by it.
    const named = { cancel: 'cancelName', retry: 'retryName', download: 'downloadName', 'copy-address': 'copyAddressName' };
    for (const [what, key] of Object.entries(named)) this.#find(`.${what}`).setAttribute('aria-label', say(key, { name: this.name }));
    this.#find('.cancel').addEventListener('click', ({ currentTarget }) => {
      if (currentTarget.ariaDisabled !== 'true') cancel(this);
    });
    this.#find('.retry').addEventListener('click', () => retry(this));
    this.#find('.download').addEventListener('click', (event) => download(this, event));
    copies(this.#find('.copy-address'), () => this.address, announce);
    const facts = ['.problem-text', '.problem-code', '.problem-request'];
    copies(this.#find('.copy-problem'), () => facts.map((fact) => this.#find(fact).textContent).join('\n').trim(), announce);
    for (const button of this.element.querySelectorAll('.copy')) {
      const what = button.closest('div').querySelector('dt').textContent;
      button.setAttribute('aria-label', say('copyName', { what }));
      copies(button, () => button.previousElementSibling.textContent, announce);
    }
  }
}
