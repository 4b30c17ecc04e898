import { loadPlainScripts } from './plain-scripts.mjs';

loadPlainScripts();
