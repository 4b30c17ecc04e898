import { m } from '../paraglide/messages.js';
import { DecisionTable } from './DecisionTable.tsx';
import { Page } from './Page.tsx';

/** What was decided about every request. */
export function RequestsPage() {
  return (
    <Page title={m.op_requests()} sentence={m.op_requests_note()}>
      <DecisionTable path="/console/decisions" />
    </Page>
  );
}
