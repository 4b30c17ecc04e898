import { lazy } from 'react';

/** Loads the dialogs; whoever opens one before waits for it. */
export const loadDialogs = () => import('./all.ts');

export const DeleteDialog = lazy(() =>
  loadDialogs().then((all) => ({ default: all.DeleteDialog })),
);
export const QuoteDialog = lazy(() => loadDialogs().then((all) => ({ default: all.QuoteDialog })));
export const RenameDialog = lazy(() =>
  loadDialogs().then((all) => ({ default: all.RenameDialog })),
);
export const SettingsDialog = lazy(() =>
  loadDialogs().then((all) => ({ default: all.SettingsDialog })),
);
export const ShareDialog = lazy(() => loadDialogs().then((all) => ({ default: all.ShareDialog })));
export const ShortcutsDialog = lazy(() =>
  loadDialogs().then((all) => ({ default: all.ShortcutsDialog })),
);
