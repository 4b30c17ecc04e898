import type { ActionRow } from '../../src/http/shapes/ledger.ts';
import { m } from '../paraglide/messages.js';
import { momentSeconds } from '../ui/figures.ts';
import { Link } from '../ui/Link.tsx';
import { NEWEST_FIRST, RemoteTable } from '../ui/RemoteTable.tsx';
import { actionText } from './action-words.ts';
import { Page } from './Page.tsx';
import { actorText } from './server-words.ts';
import { useView } from './view.ts';

/** An id by its kind and its end, which differs where ids are made one after the other. */
const shortId = (id: string): string => id.replace(/^([a-z]+_)\w+(\w{8})$/, '$1…$2');

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
        firstSort={NEWEST_FIRST}
        hasSearch
        empty={m.op_no_actions()}
        columns={[
          { key: 'at', label: m.op_when(), sort: true, cell: (row) => momentSeconds(row.atMs) },
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
            cell: (row) => {
              const subject = <code title={row.subject}>{shortId(row.subject)}</code>;
              return row.subject.startsWith('cus_') ? (
                <Link to={view.at(`/customers/${row.subject}`)}>{subject}</Link>
              ) : (
                subject
              );
            },
          },
        ]}
      />
    </Page>
  );
}
