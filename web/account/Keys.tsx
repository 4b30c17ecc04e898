import { useState } from 'react';
import type { IssuedKey, MyKey, MyMember } from '../../src/http/shapes/me.ts';
import { api } from '../chat/api.ts';
import { CopyButton } from '../chat/CopyButton.tsx';
import { FormProblem } from '../entry/PersonForm.tsx';
import { m } from '../paraglide/messages.js';
import { moment, usd } from '../ui/figures.ts';
import { Button, Empty, Failure, Loading, TextField } from '../ui/parts.tsx';
import { useRemote } from '../ui/remote.ts';
import { type Column, LocalTable } from '../ui/Table.tsx';

/** API keys: made with a cap, shown once, revoked at once. An admin sees everybody's, and whose each is. */
export function Keys({ isAdmin }: { readonly isAdmin: boolean }) {
  const keys = useRemote<{ readonly rows: readonly MyKey[] }>('/me/keys');
  const members = useRemote<{ readonly rows: readonly MyMember[] }>(
    isAdmin ? '/me/members' : undefined,
  );
  const [name, setName] = useState('');
  const [cap, setCap] = useState('');
  const [issued, setIssued] = useState<IssuedKey>();
  const [error, setError] = useState<unknown>();
  const make = (): void => {
    setError(undefined);
    api<IssuedKey>('POST', '/me/keys', { name, ...(cap.trim() && { capUsd: cap.trim() }) })
      .then((made) => {
        setIssued(made);
        setName('');
        setCap('');
        keys.reload();
      })
      .catch(setError);
  };
  const revoke = (key: MyKey): void => {
    setError(undefined);
    api('DELETE', `/me/keys/${key.id}`).then(keys.reload).catch(setError);
  };
  return (
    <>
      {keys.error && !keys.data ? (
        <Failure error={keys.error} onAgain={keys.reload} />
      ) : !keys.data ? (
        <Loading rows={2} />
      ) : keys.data.rows.length === 0 ? (
        <Empty>{m.me_no_keys()}</Empty>
      ) : (
        <LocalTable<MyKey>
          caption={m.me_keys()}
          rows={keys.data.rows}
          rowKey={(key) => key.id}
          columns={[
            { key: 'name', label: m.chat_name(), sort: (key) => key.name, cell: (key) => key.name },
            ...whose(keys.data.rows, members.data?.rows ?? []),
            {
              key: 'prefix',
              label: m.me_key_begins(),
              isSecond: isAdmin && (members.data?.rows.length ?? 0) > 1,
              isShort: true,
              cell: (key) => <code>{key.prefix}…</code>,
            },
            {
              key: 'cap',
              label: m.me_key_cap(),
              isFigure: true,
              isShort: true,
              cell: (key) => (key.capNanoUsd === null ? m.me_none() : usd(key.capNanoUsd)),
            },
            {
              key: 'state',
              label: '',
              isFigure: true,
              cell: (key) =>
                key.revokedAtMs === null ? (
                  <button type="button" className="quiet-button" onClick={() => revoke(key)}>
                    {m.me_revoke()}
                  </button>
                ) : (
                  <span className="faint">{m.me_revoked({ at: moment(key.revokedAtMs) })}</span>
                ),
            },
          ]}
        />
      )}
      {issued && (
        <div className="once" role="status">
          <p>{m.me_key_once()}</p>
          <code>{issued.secret}</code>
          <CopyButton isNamed label={m.me_copy()} text={() => issued.secret} />
        </div>
      )}
      <form
        className="form inline-form"
        onSubmit={(event) => {
          event.preventDefault();
          make();
        }}
      >
        <TextField label={m.me_key_name()} value={name} onChange={setName} autoComplete="off" />
        <TextField label={m.me_key_cap_field()} value={cap} onChange={setCap} inputMode="decimal" />
        <Button type="submit" disabled={name.trim() === ''}>
          {m.me_key_make()}
        </Button>
        <FormProblem error={error} />
      </form>
    </>
  );
}

/** Whose a key is; no column where all are the reader's own. */
function whose(keys: readonly MyKey[], members: readonly MyMember[]): readonly Column<MyKey>[] {
  const own = members.find(({ me }) => me)?.id;
  if (own === undefined || keys.every(({ memberId }) => memberId === own)) return [];
  const nameOf = ({ memberId }: MyKey): string => {
    if (memberId === null) return m.me_key_of_account();
    const member = members.find(({ id }) => id === memberId);
    if (!member) return m.me_key_of_left();
    return member.me ? m.me_you({ name: member.name }) : member.name;
  };
  return [{ key: 'whose', label: m.me_key_whose(), sort: nameOf, cell: nameOf }];
}
