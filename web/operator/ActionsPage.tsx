import type { ActionRow } from '../../src/http/shapes/ledger.ts';
import { m } from '../paraglide/messages.js';
import { momentSeconds } from '../ui/figures.ts';
import { Link } from '../ui/Link.tsx';
import { RemoteTable } from '../ui/RemoteTable.tsx';
import { actionText } from './action-words.ts';
import { Page } from './Page.tsx';
import { useView } from './view.ts';

/** Who it was, without the id behind a person's name. */
const actorText = (actor: string): string =>
  actor === 'command line' ? m.op_actor_cli() : actor.replace(/ \(per_\w+\)$/, '');

/** What operators did. */
export function ActionsPage() {
  const view = useView();
  return (
    <Page title={m.op_actions()} sentence={m.op_actions_note()} hasPeriod={false}>
      <RemoteTable<ActionRow>
        caption={m.op_actions()}
        path="/console/actions"
        query={{}}
        rowKey={(row) => row.id}
        hasSearch
        empty={m.op_no_actions()}
        columns={[
          { key: 'at', label: m.op_when(), cell: (row) => momentSeconds(row.atMs) },
          {
            key: 'actor',
            label: m.op_actor(),
            cell: (row) => <span title={row.actor}>{actorText(row.actor)}</span>,
          },
          {
            key: 'action',
            label: m.op_action(),
            cell: (row) => <span title={row.action}>{actionText(row.action)}</span>,
          },
          {
            key: 'subject',
            label: m.op_subject(),
            cell: (row) =>
              row.subject.startsWith('cus_') ? (
                <Link to={view.at(`/customers/${row.subject}`)}>
                  <code>{row.subject}</code>
                </Link>
              ) : (
                <code>{row.subject}</code>
              ),
          },
        ]}
      />
    </Page>
  );
}
