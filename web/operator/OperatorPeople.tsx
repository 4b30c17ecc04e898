import { useState } from 'react';
import type { Invite, IssuedInvite } from '../../src/http/shapes/session.ts';
import type { OperatorPerson } from '../../src/http/shapes/settings.ts';
import { api } from '../chat/api.ts';
import { FormProblem } from '../entry/PersonForm.tsx';
import { m } from '../paraglide/messages.js';
import { moment } from '../ui/figures.ts';
import { Button, Failure, Field, Loading, TextField } from '../ui/parts.tsx';
import { useRemote } from '../ui/remote.ts';
import { LocalTable } from '../ui/Table.tsx';
import { roleText } from '../ui/role-text.ts';
import { enter, useSession } from '../ui/session.ts';
import { OperatorDialog, setRole, type Standing } from './OperatorDialog.tsx';
import { PassOn } from './PassOn.tsx';

type Invited = 'owner' | 'operator' | 'support' | 'customer';
const INVITED: readonly Invited[] = ['customer', 'support', 'operator', 'owner'];

/** Who operates the installation, what each may do, who is invited, and inviting. */
export function OperatorPeople() {
  const people = useRemote<{ readonly rows: readonly OperatorPerson[] }>('/people/operators');
  const me = useSession().data;
  const [open, setOpen] = useState<OperatorPerson>();
  const [done, setDone] = useState<{ readonly was: OperatorPerson; readonly role: Standing }>();
  const [error, setError] = useState<unknown>();
  if (people.error && !people.data) return <Failure error={people.error} onAgain={people.reload} />;
  if (!people.data) return <Loading rows={3} />;
  const isOwner = me?.operator?.role === 'owner';
  const isMe = (person: OperatorPerson): boolean => person.id === me?.person?.id;
  const changed = (was: OperatorPerson, role: Standing): void => {
    // Whoever has less now sees what is left to them, from the start.
    if (isMe(was)) return enter(role === null ? '/' : location.href);
    setOpen(undefined);
    setDone({ was, role });
    people.reload();
  };
  const undo = (was: OperatorPerson): void => {
    setError(undefined);
    setRole(was, was.role)
      .then(() => {
        setDone(undefined);
        people.reload();
      })
      .catch(setError);
  };
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
          ...(isOwner
            ? [
                {
                  key: 'ways',
                  label: '',
                  isFigure: true,
                  cell: (person: OperatorPerson) => (
                    <button
                      type="button"
                      className="quiet-button"
                      aria-label={m.op_operator_change({ name: person.name })}
                      onClick={() => setOpen(person)}
                    >
                      {m.op_operator_open()}
                    </button>
                  ),
                },
              ]
            : []),
        ]}
      />
      <p role="status" className="role-done">
        {done && (
          <>
            {done.role === null
              ? m.op_role_gone({ name: done.was.name })
              : m.op_role_done({ name: done.was.name, role: roleText(done.role) })}
            <button type="button" className="quiet-button" onClick={() => undo(done.was)}>
              {m.op_undo()}
            </button>
          </>
        )}
      </p>
      <FormProblem error={error} />
      {open && (
        <OperatorDialog
          person={open}
          isMe={isMe(open)}
          onClose={() => setOpen(undefined)}
          onChanged={(role) => changed(open, role)}
        />
      )}
      <Invites mayInvite={isOwner} />
    </>
  );
}

/** Who is invited; whoever may do so invites others. */
function Invites({ mayInvite }: { readonly mayInvite: boolean }) {
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
      {mayInvite && (
        <>
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
        </>
      )}
      {issued && (
        <PassOn
          sentence={m.op_invite_issued({ at: moment(issued.invite.expiresAtMs) })}
          issued={issued}
        />
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
              {mayInvite && (
                <button type="button" className="quiet-button" onClick={() => takeBack(each.id)}>
                  {m.op_invite_back()}
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
    </form>
  );
}
