import { useState } from 'react';
import type { PasswordLink } from '../../src/http/shapes/session.ts';
import type { OperatorPerson } from '../../src/http/shapes/settings.ts';
import { api } from '../chat/api.ts';
import { Dialog } from '../chat/Dialog.tsx';
import { FormProblem } from '../entry/PersonForm.tsx';
import { m } from '../paraglide/messages.js';
import { moment } from '../ui/figures.ts';
import { Button, Field } from '../ui/parts.tsx';
import { OPERATOR_ROLES, type OperatorRole, roleMay, roleText } from '../ui/role-text.ts';
import { PassOn } from './PassOn.tsx';

/** A role, or none: the person stays, and operates nothing. */
export type Standing = OperatorRole | null;

/** Sets what a person may do as an operator. @throws ApiError `conflict` where nobody would be an owner */
export const setRole = (person: OperatorPerson, role: Standing): Promise<unknown> =>
  api('POST', `/people/${encodeURIComponent(person.id)}/role`, { role });

/** One operator: what they may do, and a new password where theirs is forgotten. */
export function OperatorDialog({
  person,
  isMe,
  onClose,
  onChanged,
}: {
  readonly person: OperatorPerson;
  readonly isMe: boolean;
  readonly onClose: () => void;
  readonly onChanged: (role: Standing) => void;
}) {
  return (
    <Dialog title={person.name} onClose={onClose}>
      <RoleForm person={person} isMe={isMe} onChanged={onChanged} />
      <PasswordHelp person={person} />
    </Dialog>
  );
}

/** Where a role stands: the lower, the more it may; none comes last. */
const rank = (role: Standing): number =>
  role === null ? OPERATOR_ROLES.length : OPERATOR_ROLES.indexOf(role);

function RoleForm({
  person,
  isMe,
  onChanged,
}: {
  readonly person: OperatorPerson;
  readonly isMe: boolean;
  readonly onChanged: (role: Standing) => void;
}) {
  const [role, choose] = useState<Standing>(person.role);
  const [isAsking, ask] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const loses = rank(role) > rank(person.role);
  const change = async (): Promise<void> => {
    if (loses && !isAsking) return ask(true);
    setBusy(true);
    setError(undefined);
    try {
      await setRole(person, role);
      onChanged(role);
    } catch (problem) {
      setError(problem);
      ask(false);
      setBusy(false);
    }
  };
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        void change();
      }}
    >
      <Field label={m.op_role()} hint={role === null ? m.op_role_none_may() : roleMay(role)}>
        {(ids) => (
          <select
            {...ids}
            className="input"
            value={role ?? ''}
            onChange={(event) => {
              choose(event.target.value === '' ? null : (event.target.value as OperatorRole));
              ask(false);
              setError(undefined);
            }}
          >
            {OPERATOR_ROLES.map((each) => (
              <option key={each} value={each}>
                {roleText(each)}
              </option>
            ))}
            <option value="">{m.op_role_none()}</option>
          </select>
        )}
      </Field>
      <FormProblem error={error} />
      {isAsking && (
        <p role="alert">{isMe ? m.op_role_lose_own() : m.op_role_lose({ name: person.name })}</p>
      )}
      <div className="form-actions">
        <Button type="submit" busy={isBusy} disabled={role === person.role}>
          {isAsking ? m.op_role_lose_yes() : m.op_role_change()}
        </Button>
        {isAsking && <Button onClick={() => ask(false)}>{m.op_cancel()}</Button>}
      </div>
    </form>
  );
}

function PasswordHelp({ person }: { readonly person: OperatorPerson }) {
  const [link, setLink] = useState<PasswordLink>();
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const make = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      const path = `/people/${encodeURIComponent(person.id)}/password-reset`;
      setLink(await api<PasswordLink>('POST', path));
    } catch (problem) {
      setError(problem);
    }
    setBusy(false);
  };
  return (
    <section className="password-help">
      <h3>{m.op_password()}</h3>
      {link ? (
        <PassOn sentence={m.op_password_issued({ at: moment(link.expiresAtMs) })} issued={link} />
      ) : (
        <>
          <p className="soft">{m.op_password_note({ name: person.name })}</p>
          <Button busy={isBusy} onClick={() => void make()}>
            {m.op_password_make()}
          </Button>
        </>
      )}
      <FormProblem error={error} />
    </section>
  );
}
