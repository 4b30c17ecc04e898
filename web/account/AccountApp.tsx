import '../ui/ui.css';
import './account.css';
import type { ReactNode } from 'react';
import { m } from '../paraglide/messages.js';
import { Link } from '../ui/Link.tsx';
import { Failure, Loading, Wordmark } from '../ui/parts.tsx';
import { usePlace } from '../ui/place.ts';
import { useSession } from '../ui/session.ts';
import { PlansPage } from './PlansPage.tsx';
import { SettingsPage } from './SettingsPage.tsx';
import { UsagePage } from './UsagePage.tsx';

/** What belongs to a customer: what was used, what can be had, and how it is set. */
export function AccountApp() {
  const session = useSession();
  const { path } = usePlace();
  if (session.error)
    return (
      <Frame>
        <Failure error={session.error} onAgain={session.reload} />
      </Frame>
    );
  if (!session.data)
    return (
      <Frame>
        <Loading rows={4} />
      </Frame>
    );
  if (!session.data.person) {
    location.replace(`/sign-in?to=${encodeURIComponent(path)}`);
    return null;
  }
  if (path.startsWith('/settings'))
    return (
      <Frame>
        <SettingsPage session={session.data} />
      </Frame>
    );
  if (!session.data.customer)
    return (
      <Frame>
        <p className="account-sentence">{m.me_no_customer()}</p>
      </Frame>
    );
  return (
    <Frame>
      {path.startsWith('/plans') ? <PlansPage /> : <UsagePage customer={session.data.customer} />}
    </Frame>
  );
}

const PLACES = [
  { path: '/usage', label: m.me_usage },
  { path: '/plans', label: m.me_plans },
  { path: '/settings', label: m.me_settings },
] as const;

function Frame({ children }: { readonly children: ReactNode }) {
  const { path } = usePlace();
  const here = PLACES.find((place) => path.startsWith(place.path));
  return (
    <div className="account">
      <title>{`${here?.label() ?? ''} · Breakeven`}</title>
      <header className="account-head">
        <Wordmark />
        <nav aria-label={m.me_account()}>
          {PLACES.map((place) => (
            <Link
              key={place.path}
              to={place.path}
              aria-current={place === here ? 'page' : undefined}
            >
              {place.label()}
            </Link>
          ))}
        </nav>
        <a className="quiet-link" href="/">
          {m.me_to_chat()}
        </a>
      </header>
      <main id="page">
        <h1 className="visually-hidden">{here?.label()}</h1>
        {children}
      </main>
    </div>
  );
}
