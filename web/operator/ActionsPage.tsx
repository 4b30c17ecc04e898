import type { ActionRow } from '../../src/http/shapes/ledger.ts';
import { m } from '../paraglide/messages.js';
import { momentSeconds } from '../ui/figures.ts';
import { RemoteTable } from '../ui/RemoteTable.tsx';
import { Page } from './Page.tsx';

/** What operators did. */
export function ActionsPage() {
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
          { key: 'at', label: m.op_when(), sort: true, cell: (row) => momentSeconds(row.atMs) },
          { key: 'actor', label: m.op_actor(), cell: (row) => row.actor },
          { key: 'action', label: m.op_action(), cell: (row) => row.action },
          { key: 'subject', label: m.op_subject(), cell: (row) => <code>{row.subject}</code> },
        ]}
      />
    </Page>
  );
}
