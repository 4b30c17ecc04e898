import '../ui/ui.css';
import './operator.css';
import { type ComponentType, lazy, type ReactNode, Suspense, useState } from 'react';
import type { BookName } from '../../src/http/shapes/wire.ts';
import { Icon } from '../chat/icons.tsx';
import { m } from '../paraglide/messages.js';
import { Link } from '../ui/Link.tsx';
import { Failure, Loading, Segments, Wordmark } from '../ui/parts.tsx';
import { usePlace } from '../ui/place.ts';
import { changeLanguage, changeTheme, language, type Theme, theme } from '../ui/preferences.ts';
import { signOut, useSession } from '../ui/session.ts';
import { CustomerPage } from './CustomerPage.tsx';
import { CustomersPage } from './CustomersPage.tsx';
import { EventPage } from './EventPage.tsx';
import { OverviewPage } from './OverviewPage.tsx';
import { PlanPage } from './PlanPage.tsx';
import { PlansPage } from './PlansPage.tsx';
import { RequestsPage } from './RequestsPage.tsx';
import { useView } from './view.ts';

const page = <Name extends string>(
  load: () => Promise<Record<Name, ComponentType>>,
  name: Name,
): ComponentType => lazy(() => load().then((module) => ({ default: module[name] })));
const ModelsPage = page(() => import('./ModelsPage.tsx'), 'ModelsPage');
const LedgerPage = page(() => import('./LedgerPage.tsx'), 'LedgerPage');
const ActionsPage = page(() => import('./ActionsPage.tsx'), 'ActionsPage');
const SettingsPage = page(() => import('./SettingsPage.tsx'), 'SettingsPage');

/** The operator's console: its pages behind one shell. */
export function OperatorApp() {
  const session = useSession();
  const { path } = usePlace();
  if (session.error) return <Failure error={session.error} onAgain={session.reload} />;
  if (!session.data) return <Loading rows={4} />;
  if (!session.data.operator) {
    if (!session.data.person) {
      location.replace(`/sign-in?to=${encodeURIComponent(location.pathname + location.search)}`);
      return null;
    }
    return (
      <main className="page">
        <h1>{m.op_not_yours()}</h1>
        <p>
          <a href="/">{m.op_to_chat()}</a>
        </p>
      </main>
    );
  }
  return (
    <Shell simulated={session.data.simulated} name={session.data.person?.name ?? ''}>
      <Suspense fallback={<Loading rows={8} />}>
        <Room path={path} />
      </Suspense>
    </Shell>
  );
}

function Room({ path }: { readonly path: string }): ReactNode {
  const [, , first = '', second] = path.split('/').map(decodeURIComponent);
  switch (first) {
    case '':
      return <OverviewPage />;
    case 'plans':
      return second ? <PlanPage key={second} plan={second} /> : <PlansPage />;
    case 'customers':
      return second ? <CustomerPage key={second} customer={second} /> : <CustomersPage />;
    case 'events':
      return second ? <EventPage key={second} request={second} /> : <RequestsPage />;
    case 'requests':
      return <RequestsPage />;
    case 'models':
      return <ModelsPage />;
    case 'ledger':
      return <LedgerPage />;
    case 'actions':
      return <ActionsPage />;
    case 'settings':
      return <SettingsPage />;
    default:
      return (
        <main className="page">
          <h1>{m.op_no_page()}</h1>
          <p>
            <a href="/operator">{m.op_overview()}</a>
          </p>
        </main>
      );
  }
}

const PLACES = [
  { path: '', label: m.op_overview },
  { path: '/plans', label: m.op_plans },
  { path: '/customers', label: m.op_customers },
  { path: '/requests', label: m.op_decisions },
  { path: '/models', label: m.op_models_and_suppliers },
  { path: '/ledger', label: m.op_ledger },
  { path: '/actions', label: m.op_actions },
  { path: '/settings', label: m.op_settings },
] as const;

function Shell({
  simulated,
  name,
  children,
}: {
  readonly simulated: boolean;
  readonly name: string;
  readonly children: ReactNode;
}) {
  const view = useView();
  const { path } = usePlace();
  const [isOpen, setOpen] = useState(false);
  const isAt = (place: string): boolean =>
    place === '' ? path === '/operator' : path.startsWith(`/operator${place}`);
  return (
    <div className={isOpen ? 'console is-open' : 'console'}>
      <a className="skip" href="#page">
        {m.op_skip()}
      </a>
      <header className="console-bar">
        <Wordmark to="/operator" />
        <button
          type="button"
          className="quiet-button"
          aria-expanded={isOpen}
          aria-controls="console-nav"
          aria-label={m.op_menu()}
          onClick={() => setOpen(!isOpen)}
        >
          <Icon name={isOpen ? 'close' : 'menu'} />
        </button>
      </header>
      <nav id="console-nav" className="console-nav" aria-label={m.op_console()}>
        <div className="console-mark">
          <Wordmark to="/operator" />
        </div>
        <Segments<BookName>
          label={m.op_book()}
          value={view.book}
          onChange={(book) => view.change({ book })}
          options={[
            { value: 'live', label: m.op_book_live() },
            { value: 'test', label: m.op_book_test() },
            { value: 'demo', label: m.op_book_demo() },
          ]}
        />
        <ul>
          {PLACES.map((place) => (
            <li key={place.path}>
              <Link
                to={view.at(place.path)}
                aria-current={isAt(place.path) ? 'page' : undefined}
                onClick={() => setOpen(false)}
              >
                {place.label()}
              </Link>
            </li>
          ))}
        </ul>
        <div className="console-foot">
          {simulated && <p className="faint">{m.op_simulated_note()}</p>}
          <a href="/">{m.op_to_chat()}</a>
          <Preferences />
          <button type="button" className="quiet-button" onClick={() => void signOut()}>
            {m.op_sign_out({ name })}
          </button>
        </div>
      </nav>
      {children}
    </div>
  );
}

function Preferences() {
  const [look, setLook] = useState<Theme>(theme);
  const other = language() === 'en' ? 'zh-CN' : 'en';
  const next: Theme = look === 'system' ? 'dark' : look === 'dark' ? 'light' : 'system';
  const names = { light: m.op_theme_light, dark: m.op_theme_dark, system: m.op_theme_system };
  return (
    <div className="preferences">
      <button
        type="button"
        className="quiet-button"
        onClick={() => {
          changeTheme(next);
          setLook(next);
        }}
      >
        {names[look]()}
      </button>
      <button
        type="button"
        className="quiet-button"
        lang={other}
        onClick={() => changeLanguage(other)}
      >
        {other === 'en' ? 'English' : '简体中文'}
      </button>
    </div>
  );
}
