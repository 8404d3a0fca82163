import { startFilesPage } from './files-page.js';

startFilesPage();
