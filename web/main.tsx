import '@fontsource-variable/inter/wght.css';
import './ui/tokens.css';
import './chat/chat.css';
import { lazy, StrictMode, Suspense } from 'react';
import { createRoot } from 'react-dom/client';
import { ChatPage } from './chat/ChatPage.tsx';
import { usePath } from './chat/place.ts';
import { getLocale, overwriteGetLocale } from './paraglide/runtime.js';

const SharedPage = lazy(() =>
  import('./chat/SharedPage.tsx').then((module) => ({ default: module.SharedPage })),
);
const EntryPage = lazy(() =>
  import('./entry/EntryPage.tsx').then((module) => ({ default: module.EntryPage })),
);
const OperatorApp = lazy(() =>
  import('./operator/OperatorApp.tsx').then((module) => ({ default: module.OperatorApp })),
);
const AccountApp = lazy(() =>
  import('./account/AccountApp.tsx').then((module) => ({ default: module.AccountApp })),
);
const ReceiptPage = lazy(() =>
  import('./chat/ReceiptPage.tsx').then((module) => ({ default: module.ReceiptPage })),
);

// Asked for with every word; a change of language loads the page anew.
const locale = getLocale();
overwriteGetLocale(() => locale);
document.documentElement.lang = locale;
const theme = localStorage.getItem('theme');
if (theme === 'light' || theme === 'dark') document.documentElement.dataset['theme'] = theme;

function App() {
  const path = usePath();
  const [, first, second] = path.split('/');
  if (first === 'share' && second)
    return (
      <Suspense>
        <SharedPage token={second} />
      </Suspense>
    );
  if (first === 'receipt' && second)
    return (
      <Suspense>
        <ReceiptPage id={second} />
      </Suspense>
    );
  if (first === 'setup' || first === 'sign-in')
    return (
      <Suspense>
        <EntryPage />
      </Suspense>
    );
  if (first === 'operator')
    return (
      <Suspense>
        <OperatorApp />
      </Suspense>
    );
  if (first === 'usage' || first === 'plans' || first === 'settings')
    return (
      <Suspense>
        <AccountApp />
      </Suspense>
    );
  return <ChatPage conversation={first === 'c' ? second : undefined} />;
}

const root = document.getElementById('root');
if (root)
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
