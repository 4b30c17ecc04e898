import { useState } from 'react';
import type { MyMember } from '../../src/http/shapes/me.ts';
import type { IssuedInvite } from '../../src/http/shapes/session.ts';
import { api } from '../chat/api.ts';
import { CopyButton } from '../chat/CopyButton.tsx';
import { FormProblem } from '../entry/PersonForm.tsx';
import { m } from '../paraglide/messages.js';
import { Mailed } from '../ui/Mailed.tsx';
import { Button, Failure, Loading, TextField } from '../ui/parts.tsx';
import { useRemote } from '../ui/remote.ts';
import { LocalTable } from '../ui/Table.tsx';

/** The people of an account; its admins invite, change and take away. */
export function Members({ isAdmin }: { readonly isAdmin: boolean }) {
  const members = useRemote<{ readonly rows: readonly MyMember[] }>('/me/members');
  const [email, setEmail] = useState('');
  const [issued, setIssued] = useState<IssuedInvite>();
  const [error, setError] = useState<unknown>();
  if (members.error && !members.data)
    return <Failure error={members.error} onAgain={members.reload} />;
  if (!members.data) return <Loading rows={2} />;
  const change = (call: Promise<unknown>): void => {
    setError(undefined);
    call.then(members.reload).catch(setError);
  };
  const invite = (): void => {
    setError(undefined);
    api<IssuedInvite>('POST', '/me/invites', { ...(email.trim() && { email: email.trim() }) })
      .then(setIssued)
      .catch(setError);
  };
  return (
    <>
      <LocalTable<MyMember>
        caption={m.me_members()}
        rows={members.data.rows}
        rowKey={(member) => member.id}
        columns={[
          {
            key: 'name',
            label: m.me_name(),
            sort: (member) => member.name,
            cell: (member) => (member.me ? m.me_you({ name: member.name }) : member.name),
          },
          {
            key: 'email',
            label: m.me_email(),
            isSecond: true,
            cell: (member) => member.email ?? '',
          },
          {
            key: 'role',
            label: m.me_role(),
            isShort: true,
            cell: (member) => (member.role === 'admin' ? m.me_admin() : m.me_member()),
          },
          {
            key: 'ways',
            label: '',
            isFigure: true,
            cell: (member) =>
              isAdmin &&
              !member.me && (
                <>
                  <button
                    type="button"
                    className="quiet-button"
                    onClick={() =>
                      change(
                        api('POST', `/me/members/${member.id}/role`, {
                          role: member.role === 'admin' ? 'member' : 'admin',
                        }),
                      )
                    }
                  >
                    {member.role === 'admin' ? m.me_make_member() : m.me_make_admin()}
                  </button>
                  <button
                    type="button"
                    className="quiet-button"
                    onClick={() => change(api('DELETE', `/me/members/${member.id}`))}
                  >
                    {m.me_take_off()}
                  </button>
                </>
              ),
          },
        ]}
      />
      <FormProblem error={error} />
      {isAdmin && (
        <form
          className="form inline-form"
          onSubmit={(event) => {
            event.preventDefault();
            invite();
          }}
        >
          <TextField
            label={m.me_invite_email()}
            type="email"
            value={email}
            onChange={setEmail}
            autoComplete="off"
          />
          <Button type="submit">{m.me_invite()}</Button>
        </form>
      )}
      {issued && (
        <div className="once" role="status">
          <p>{m.me_invite_once()}</p>
          <code>{issued.url}</code>
          <Mailed mail={issued.mail} />
          <CopyButton isNamed label={m.me_copy()} text={() => issued.url} />
        </div>
      )}
    </>
  );
}
