import { type ReactNode, useState } from 'react';
import { Icon } from '../chat/icons.tsx';
import { m } from '../paraglide/messages.js';
import { Button, TextField } from '../ui/parts.tsx';
import { fieldOf, problemAt, problemOf } from '../ui/problem-words.ts';

export interface NewPerson {
  readonly name: string;
  readonly email: string;
  readonly password: string;
}

/** Name, e-mail and password of somebody new. */
export function PersonForm({
  action,
  email: givenEmail = '',
  submit,
  children,
}: {
  readonly action: string;
  readonly email?: string;
  readonly submit: (person: NewPerson) => Promise<void>;
  readonly children?: ReactNode;
}) {
  const [name, setName] = useState('');
  const [email, setEmail] = useState(givenEmail);
  const [password, setPassword] = useState('');
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const send = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    await submit({ name, email, password }).catch((problem: unknown) => {
      setError(problem);
      setBusy(false);
    });
  };
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <TextField
        label={m.entry_name()}
        value={name}
        onChange={setName}
        autoComplete="name"
        autoFocus
        error={problemAt(error, 'name')}
      />
      <TextField
        label={m.entry_email()}
        type="email"
        value={email}
        onChange={setEmail}
        autoComplete="username"
        error={problemAt(error, 'email')}
      />
      <TextField
        label={m.entry_password()}
        type="password"
        value={password}
        onChange={setPassword}
        autoComplete="new-password"
        hint={m.entry_password_hint()}
        error={problemAt(error, 'password')}
      />
      <FormProblem error={error} fields={['name', 'email', 'password']} />
      <div className="form-actions">
        <Button main type="submit" busy={isBusy} disabled={!name || !email || !password}>
          {action}
        </Button>
        {children}
      </div>
    </form>
  );
}

/** What went wrong with a form as a whole. */
export function FormProblem({
  error,
  fields = [],
}: {
  readonly error: unknown;
  /** Those beside which the form says itself what is wrong with them. */
  readonly fields?: readonly string[];
}) {
  const text = fields.includes(fieldOf(error) ?? '') ? undefined : problemOf(error);
  return text ? (
    <p className="field-error" role="alert">
      <Icon name="info" size={15} />
      {text}
    </p>
  ) : null;
}
