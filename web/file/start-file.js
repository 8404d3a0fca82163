import { startFilePage } from './file-page.js';

startFilePage();
