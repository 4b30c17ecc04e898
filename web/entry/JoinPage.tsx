import { useState } from 'react';
import type { InviteLook } from '../../src/http/shapes/session.ts';
import { api } from '../chat/api.ts';
import { m } from '../paraglide/messages.js';
import { Button, Failure, Loading, TextField } from '../ui/parts.tsx';
import { queryOf, useRemote } from '../ui/remote.ts';
import { enter, useSession } from '../ui/session.ts';
import { type OperatorRole, roleText } from '../ui/role-text.ts';
import { EntryFrame } from './EntryFrame.tsx';
import { FormProblem, type NewPerson, PersonForm } from './PersonForm.tsx';

/** Accepts an invitation; without one, signs up where registration is open. */
export function JoinPage({ invite }: { readonly invite: string | undefined }) {
  const look = useRemote<InviteLook>(
    invite === undefined ? undefined : `/invites/look${queryOf({ token: invite })}`,
  );
  const join = async (person: NewPerson): Promise<void> => {
    await api('POST', '/sign-up', { ...person, ...(invite !== undefined && { invite }) });
    enter(look.data?.kind === 'operator' ? '/operator' : '/');
  };
  const session = useSession();
  const back = (
    <a className="quiet-link" href="/sign-in">
      {m.entry_back_to_sign_in()}
    </a>
  );
  if (look.error)
    return (
      <EntryFrame title={m.entry_join()}>
        <Failure error={look.error} />
        <div className="form-actions">{back}</div>
      </EntryFrame>
    );
  if (invite === undefined ? !session.data : !look.data) return <Loading rows={2} />;
  if (invite === undefined && session.data?.registration !== 'open')
    return (
      <EntryFrame title={m.entry_join()} lead={m.entry_join_closed()}>
        {back}
      </EntryFrame>
    );
  return (
    <EntryFrame
      title={m.entry_join()}
      lead={
        look.data?.kind === 'operator'
          ? m.entry_join_operator({ role: roleText(look.data.role as OperatorRole) })
          : look.data?.customerName
            ? m.entry_join_member({ name: look.data.customerName })
            : m.entry_join_lead()
      }
    >
      <PersonForm action={m.entry_join()} email={look.data?.email ?? ''} submit={join}>
        <a className="quiet-link" href="/sign-in">
          {m.entry_sign_in()}
        </a>
      </PersonForm>
    </EntryFrame>
  );
}

/** Sets a new password with the one-time address that an operator gave out. */
export function ResetPage({ token }: { readonly token: string }) {
  const [password, setPassword] = useState('');
  const [error, setError] = useState<unknown>();
  const reset = (): void => {
    api('POST', '/password-reset', { token, password })
      .then(() => enter('/'))
      .catch(setError);
  };
  return (
    <EntryFrame title={m.entry_reset()} lead={m.entry_reset_lead()}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          reset();
        }}
      >
        <TextField
          label={m.entry_new_password()}
          type="password"
          value={password}
          onChange={setPassword}
          autoComplete="new-password"
          hint={m.entry_password_hint()}
          autoFocus
        />
        <FormProblem error={error} />
        <div className="form-actions">
          <Button main type="submit" disabled={password === ''}>
            {m.entry_reset()}
          </Button>
        </div>
      </form>
    </EntryFrame>
  );
}
