import '../ui/ui.css';
import './operator.css';
import { lazy, type ReactNode, Suspense, useEffect } from 'react';
import { m } from '../paraglide/messages.js';
import { Empty, Failure, Loading } from '../ui/parts.tsx';
import { goTo, usePlace } from '../ui/place.ts';
import { queryOf } from '../ui/remote.ts';
import { useSession } from '../ui/session.ts';
import { CustomerPage } from './CustomerPage.tsx';
import { CustomersPage } from './CustomersPage.tsx';
import { EventPage } from './EventPage.tsx';
import { OverviewPage } from './OverviewPage.tsx';
import { Page } from './Page.tsx';
import { PlanPage } from './PlanPage.tsx';
import { PlansPage } from './PlansPage.tsx';
import { RequestsPage } from './RequestsPage.tsx';
import { Shell } from './Shell.tsx';

const LabPage = lazy(() =>
  import('./lab/LabPage.tsx').then((module) => ({ default: module.LabPage })),
);
const ModelsPage = lazy(() =>
  import('./ModelsPage.tsx').then((module) => ({ default: module.ModelsPage })),
);
const LedgerPage = lazy(() =>
  import('./LedgerPage.tsx').then((module) => ({ default: module.LedgerPage })),
);
const ActionsPage = lazy(() =>
  import('./ActionsPage.tsx').then((module) => ({ default: module.ActionsPage })),
);
const SettingsPage = lazy(() =>
  import('./SettingsPage.tsx').then((module) => ({ default: module.SettingsPage })),
);

/** Everything below `/operator`: for operators, in one shell. */
export function OperatorApp() {
  const { path, query } = usePlace();
  const session = useSession();
  const isStranger = session.data !== undefined && session.data.person === null;
  const here = path + queryOf(Object.fromEntries(query));
  useEffect(() => {
    if (isStranger) goTo(`/sign-in${queryOf({ to: here })}`, 'replace');
  }, [isStranger, here]);
  if (session.error && !session.data)
    return (
      <main className="page page-alone">
        <Failure error={session.error} onAgain={session.reload} />
      </main>
    );
  if (!session.data || isStranger)
    return (
      <main className="page page-alone">
        <Loading />
      </main>
    );
  if (!session.data.operator)
    return (
      <main className="page page-alone">
        <h1>{m.op_not_yours()}</h1>
        <Empty
          action={
            <a className="button" href="/">
              {m.op_to_chat()}
            </a>
          }
        >
          {m.op_not_yours_note()}
        </Empty>
      </main>
    );
  const [, , room = '', subject = ''] = path.split('/');
  return (
    <Shell session={session.data} room={room}>
      <Suspense
        fallback={
          <main className="page">
            <Loading rows={8} />
          </main>
        }
      >
        {roomOf(room, decodeURIComponent(subject))}
      </Suspense>
    </Shell>
  );
}

function roomOf(room: string, subject: string): ReactNode {
  switch (room) {
    case '':
      return <OverviewPage />;
    case 'plans':
      return subject === '' ? <PlansPage /> : <PlanPage key={subject} plan={subject} />;
    case 'customers':
      return subject === '' ? <CustomersPage /> : <CustomerPage key={subject} id={subject} />;
    case 'requests':
      return <RequestsPage />;
    case 'events':
      return subject === '' ? <RequestsPage /> : <EventPage key={subject} id={subject} />;
    case 'lab':
      return <LabPage key={subject} result={subject} />;
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
        <Page title={m.op_no_page()} hasPeriod={false}>
          <Empty>{m.op_no_page_note()}</Empty>
        </Page>
      );
  }
}
