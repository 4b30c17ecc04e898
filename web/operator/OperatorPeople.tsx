import { useState } from 'react';
import type { Invite, IssuedInvite } from '../../src/http/shapes/session.ts';
import type { OperatorPerson } from '../../src/http/shapes/settings.ts';
import { api } from '../chat/api.ts';
import { CopyButton } from '../chat/CopyButton.tsx';
import { FormProblem } from '../entry/PersonForm.tsx';
import { m } from '../paraglide/messages.js';
import { Mailed } from '../ui/Mailed.tsx';
import { moment } from '../ui/figures.ts';
import { Button, Failure, Field, Loading, TextField } from '../ui/parts.tsx';
import { useRemote } from '../ui/remote.ts';
import { LocalTable } from '../ui/Table.tsx';
import { roleText } from '../ui/role-text.ts';

type Invited = 'owner' | 'operator' | 'support' | 'customer';
const INVITED: readonly Invited[] = ['customer', 'support', 'operator', 'owner'];

/** Who operates the installation, who is invited, and inviting. */
export function OperatorPeople() {
  const people = useRemote<{ readonly rows: readonly OperatorPerson[] }>('/people/operators');
  if (people.error && !people.data) return <Failure error={people.error} onAgain={people.reload} />;
  if (!people.data) return <Loading rows={3} />;
  return (
    <>
      <LocalTable
        caption={m.op_operators()}
        rows={people.data.rows}
        rowKey={(person) => person.id}
        columns={[
          {
            key: 'name',
            label: m.op_name(),
            sort: (person) => person.name,
            cell: (person) => person.name,
          },
          { key: 'email', label: m.op_email(), isSecond: true, cell: (person) => person.email },
          { key: 'role', label: m.op_role(), cell: (person) => roleText(person.role) },
          {
            key: 'factor',
            label: m.op_second_factor(),
            cell: (person) => (person.twoFactor ? m.op_yes() : m.op_no()),
          },
          {
            key: 'since',
            label: m.op_joined(),
            isSecond: true,
            cell: (person) => moment(person.sinceMs),
          },
        ]}
      />
      <InviteForm />
    </>
  );
}

function InviteForm() {
  const invites = useRemote<{ readonly rows?: readonly Invite[] } | readonly Invite[]>('/invites');
  const [role, setRole] = useState<Invited>('customer');
  const [email, setEmail] = useState('');
  const [issued, setIssued] = useState<IssuedInvite>();
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const invite = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      setIssued(
        await api<IssuedInvite>('POST', '/invites', {
          ...(role === 'customer' ? { kind: 'customer' } : { kind: 'operator', role }),
          ...(email.trim() && { email: email.trim() }),
        }),
      );
      setEmail('');
      invites.reload();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  const takeBack = (id: string): void => {
    setError(undefined);
    api('DELETE', `/invites/${encodeURIComponent(id)}`)
      .then(invites.reload)
      .catch(setError);
  };
  const open: readonly Invite[] =
    invites.data === undefined
      ? []
      : Array.isArray(invites.data)
        ? (invites.data as readonly Invite[])
        : ((invites.data as { readonly rows?: readonly Invite[] }).rows ?? []);
  const named = (invited: Invited): string =>
    invited === 'customer' ? m.op_customer() : roleText(invited);
  return (
    <form
      className="form form-narrow"
      onSubmit={(event) => {
        event.preventDefault();
        void invite();
      }}
    >
      <Field label={m.op_invite_as()}>
        {(ids) => (
          <select
            {...ids}
            className="input"
            value={role}
            onChange={(event) => setRole(event.target.value as Invited)}
          >
            {INVITED.map((each) => (
              <option key={each} value={each}>
                {named(each)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <TextField
        label={m.me_invite_email()}
        type="email"
        value={email}
        onChange={setEmail}
        autoComplete="off"
      />
      <FormProblem error={error} />
      <div className="form-actions">
        <Button type="submit" busy={isBusy}>
          {m.op_invite()}
        </Button>
      </div>
      {issued && (
        <div role="status">
          <p>{m.op_invite_issued({ at: moment(issued.invite.expiresAtMs) })}</p>
          <p className="issued">
            <code>{issued.url}</code>
            <CopyButton label={m.me_copy()} text={() => issued.url} />
          </p>
          <p>
            <Mailed mail={issued.mail} />
          </p>
        </div>
      )}
      {open.length > 0 && (
        <ul className="plain-list open-invites">
          {open.map((each) => (
            <li key={each.id}>
              <span>
                {m.op_invite_open({
                  who:
                    each.email ??
                    named(each.kind === 'operator' ? (each.role as Invited) : 'customer'),
                  at: moment(each.expiresAtMs),
                })}
              </span>
              <button type="button" className="quiet-button" onClick={() => takeBack(each.id)}>
                {m.op_invite_back()}
              </button>
            </li>
          ))}
        </ul>
      )}
    </form>
  );
}
