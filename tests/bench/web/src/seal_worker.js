// The worker of Sealift's page that seals, as it is.

import '../../../../web/upload/seal-worker.js';
