// The peers of Sealift, each as one function that the bench calls: `peers.plain(file)` and so on.

import { AwsS3 as AwsS3of5, Uppy as Uppy5 } from 'uppy-5';
import { AwsS3 as AwsS3of6, Uppy as Uppy6 } from 'uppy-6';

import { uploadByUppy } from './uppy.js';

const MIB = 1024 * 1024;

// Starts a worker for one question and resolves with its answer.
function ask(address, question) {
  const worker = new Worker(address, { type: 'module' });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => (data.failed ? reject(new Error(data.failed)) : resolve(data));
    worker.onerror = (event) => reject(new Error(event.message ?? 'the worker stopped'));
    worker.postMessage(question);
  }).finally(() => worker.terminate());
}

globalThis.peers = {
  plain: (file) => ask('/plain_worker.js', { file }),
  slices: (file, sink) => ask('/slices_worker.js', { file, sink }),
  // Uppy speaks Companion's protocol and otherwise keeps its defaults.
  uppy6: (file) => uploadByUppy(new Uppy6(), AwsS3of6, { companionEndpoint: location.origin }, file),
  uppy5: (file) => uploadByUppy(new Uppy5(), AwsS3of5, { endpoint: location.origin }, file),
  // On a link with a long round trip, longer parts are faster. Uppy 6 sends one part of a file after the other.
  'uppy6-best': (file) => uploadByUppy(new Uppy6(), AwsS3of6, { companionEndpoint: location.origin, getChunkSize: () => 128 * MIB }, file),
  'uppy5-best': (file) => uploadByUppy(new Uppy5(), AwsS3of5, { endpoint: location.origin, limit: 6, getChunkSize: () => 16 * MIB }, file),
  sealing: (question) => ask('/sealing_worker.js', question),
};
