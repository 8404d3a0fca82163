// Bare WebCrypto. It has the same frames, associated data, concurrent calls and part buffers as Sealift, and no line of
// code beyond what they need.

const PART_FRAMES = 32;
const FRAMES_IN_FLIGHT = 4;
// The length of a frame's associated data: message id, text, sequence number, length.
const AAD_BYTES = 32 + 28 + 4 + 8;
const FRAMING_BYTES = 16;
const TAG_BYTES = 16;

const fromMemory = (plaintext) => async (start, end) => plaintext.subarray(start, end);
const fromFile = (file) => async (start, end) => new Uint8Array(await file.slice(start, end).arrayBuffer());
const hash = (part) => crypto.subtle.digest('SHA-256', part);

export class Bare {
  static FRAME_BYTES = 256 * 1024;

  #key;
  #part = new Uint8Array(PART_FRAMES * (Bare.FRAME_BYTES + FRAMING_BYTES + TAG_BYTES));

  static async open() {
    const bare = new Bare();
    const key = crypto.getRandomValues(new Uint8Array(32));
    bare.#key = await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt']);
    return bare;
  }

  async seal(plaintext) {
    await this.#parts(plaintext.length, fromMemory(plaintext), () => {});
  }

  async sealAndHash(plaintext) {
    await this.#parts(plaintext.length, fromMemory(plaintext), hash);
  }

  // Reads each part of a file at once, as Sealift does.
  async readAndSeal(file) {
    await this.#parts(file.size, fromFile(file), () => {});
  }

  async readSealAndHash(file) {
    await this.#parts(file.size, fromFile(file), hash);
  }

  async #parts(length, read, whenSealed) {
    const frames = Math.ceil(length / Bare.FRAME_BYTES);
    for (let first = 0; first < frames; first += PART_FRAMES) {
      const last = Math.min(first + PART_FRAMES, frames);
      const plaintext = await read(first * Bare.FRAME_BYTES, Math.min(last * Bare.FRAME_BYTES, length));
      let next = first;
      let sealedBytes = 0;
      const lane = async () => {
        while (next < last) {
          const frame = next;
          next += 1;
          const sealed = await this.#frame(plaintext, frame, frame - first);
          sealedBytes += sealed;
        }
      };
      await Promise.all(Array.from({ length: FRAMES_IN_FLIGHT }, lane));
      await whenSealed(this.#part.subarray(0, sealedBytes));
    }
  }

  async #frame(plaintext, frame, place) {
    const iv = new Uint8Array(12);
    new DataView(iv.buffer).setUint32(8, frame + 1);
    const additionalData = new Uint8Array(AAD_BYTES);
    new DataView(additionalData.buffer).setUint32(AAD_BYTES - 12, frame + 1);
    const bytes = plaintext.subarray(place * Bare.FRAME_BYTES, (place + 1) * Bare.FRAME_BYTES);
    const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, this.#key, bytes);
    this.#part.set(new Uint8Array(sealed), place * (Bare.FRAME_BYTES + FRAMING_BYTES + TAG_BYTES) + FRAMING_BYTES);
    return sealed.byteLength + FRAMING_BYTES;
  }
}
