import type { MyAlert } from '../../src/http/shapes/mail.ts';
import type { OfferedGate } from '../../src/http/shapes/me.ts';
import { api } from '../chat/api.ts';
import { m } from '../paraglide/messages.js';
import { count, moment, percent } from '../ui/figures.ts';
import { useRemote } from '../ui/remote.ts';
import { amountWords, limitName } from './terms.ts';

/** Limits that have reached a share at which the customer wanted to be told; each is put away once. */
export function AlertList() {
  const alerts = useRemote<{ readonly rows: readonly MyAlert[] }>('/me/alerts', {
    everyMs: 30_000,
  });
  const rows = alerts.data?.rows ?? [];
  if (rows.length === 0) return null;
  return (
    <ul className="alerts" aria-label={m.me_alerts_label()}>
      {rows.map((alert) => (
        <li key={alert.id}>
          <p>
            <strong>{headOf(alert)}</strong>
            <span className="soft">
              {[amountsOf(alert), m.me_alert_falls({ at: moment(alert.resetsAtMs) })]
                .filter(Boolean)
                .join(' · ')}
            </span>
          </p>
          <button
            type="button"
            className="quiet-button"
            onClick={() =>
              void api('POST', `/me/alerts/${alert.id}/seen`).then(alerts.reload, alerts.reload)
            }
          >
            {m.me_alert_away()}
          </button>
        </li>
      ))}
    </ul>
  );
}

function headOf({ gate, share, unit, classes, window }: MyAlert): string {
  if (gate === 'cap') return m.me_alert_cap({ share: percent(share) });
  return m.me_alert_text({ share: percent(share), limit: limitName({ unit, classes, window }) });
}

function amountsOf({ unit, used, limit }: MyAlert): string {
  if (used === null || limit === null) return '';
  const words = (amount: number): string => amountWords(unit as OfferedGate['unit'], amount);
  return m.me_alert_amount({
    used: unit === 'messages' ? count(used / 1000) : words(used),
    limit: words(limit),
  });
}
