/** The dialogs as one script: the page loads them together, when it is idle. */
export { DeleteDialog } from './DeleteDialog.tsx';
export { QuoteDialog } from './QuoteDialog.tsx';
export { RenameDialog } from './RenameDialog.tsx';
export { SettingsDialog } from './SettingsDialog.tsx';
export { ShareDialog } from './ShareDialog.tsx';
export { ShortcutsDialog } from './ShortcutsDialog.tsx';
