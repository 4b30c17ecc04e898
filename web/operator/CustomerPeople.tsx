import type { CustomerDetail } from '../../src/http/shapes/customers.ts';
import { m } from '../paraglide/messages.js';
import { moment } from '../ui/figures.ts';
import { LocalTable } from '../ui/Table.tsx';
import { Money } from './Figure.tsx';
import { Part } from './Page.tsx';

/** Who uses the account, and with which keys. */
export function CustomerPeople({ customer }: { readonly customer: CustomerDetail }) {
  return (
    <div className="columns">
      <Part title={m.op_members()}>
        {customer.members.length === 0 ? (
          <p className="soft">{m.op_no_members()}</p>
        ) : (
          <LocalTable
            caption={m.op_members()}
            rows={customer.members}
            rowKey={(member) => member.id}
            columns={[
              {
                key: 'name',
                label: m.op_name(),
                sort: (member) => member.name,
                cell: (member) => member.name,
              },
              { key: 'email', label: m.op_email(), isSecond: true, cell: (member) => member.email },
              {
                key: 'role',
                label: m.op_role(),
                cell: (member) =>
                  member.role === 'admin' ? m.op_member_admin() : m.op_member_member(),
              },
              {
                key: 'signs',
                label: m.op_signs_in(),
                cell: (member) => (member.signsIn ? m.op_yes() : m.op_no()),
              },
            ]}
          />
        )}
      </Part>
      <Part title={m.op_keys()}>
        {customer.keys.length === 0 ? (
          <p className="soft">{m.op_no_keys()}</p>
        ) : (
          <LocalTable
            caption={m.op_keys()}
            rows={customer.keys}
            rowKey={(key) => key.id}
            columns={[
              { key: 'name', label: m.op_name(), sort: (key) => key.name, cell: (key) => key.name },
              {
                key: 'prefix',
                label: m.op_prefix(),
                isShort: true,
                cell: (key) => <code>{key.prefix}</code>,
              },
              {
                key: 'cap',
                label: m.op_cap(),
                isFigure: true,
                cell: (key) => (key.capNanoUsd === null ? '' : <Money nano={key.capNanoUsd} />),
              },
              {
                key: 'state',
                label: m.op_state(),
                cell: (key) =>
                  key.revokedAtMs !== null
                    ? m.op_revoked({ at: moment(key.revokedAtMs) })
                    : key.expiresAtMs !== null
                      ? m.op_expires({ at: moment(key.expiresAtMs) })
                      : m.op_in_use(),
              },
            ]}
          />
        )}
      </Part>
    </div>
  );
}
