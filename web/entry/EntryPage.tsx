import '../ui/ui.css';
import './entry.css';
import { usePlace } from '../ui/place.ts';
import { JoinPage, ResetPage } from './JoinPage.tsx';
import { SetupPage } from './SetupPage.tsx';
import { SignInPage } from './SignInPage.tsx';

/** The doors: set-up, sign-in, joining, a new password. */
export function EntryPage() {
  const { path, query } = usePlace();
  if (path === '/setup') return <SetupPage />;
  const reset = query.get('reset');
  if (reset !== null) return <ResetPage token={reset} />;
  const invite = query.get('invite');
  if (invite !== null || query.has('new')) return <JoinPage invite={invite ?? undefined} />;
  return <SignInPage />;
}
