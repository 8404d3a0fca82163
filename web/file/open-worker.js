// The worker that decrypts a file.

import init, { Opener } from '../module/sealift_browser.js';
import { serve } from '../common/bridge.js';

async function open() {
  await init();
  return new Opener((message) => postMessage(message));
}

serve(open());
