import { type ReactNode, useState } from 'react';
import { m } from '../paraglide/messages.js';
import { Button, TextField } from '../ui/parts.tsx';
import { problemOf } from '../ui/session.ts';

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
        error={problemOf(error, 'name')}
      />
      <TextField
        label={m.entry_email()}
        type="email"
        value={email}
        onChange={setEmail}
        autoComplete="username"
        error={problemOf(error, 'email')}
      />
      <TextField
        label={m.entry_password()}
        type="password"
        value={password}
        onChange={setPassword}
        autoComplete="new-password"
        hint={m.entry_password_hint()}
        error={problemOf(error, 'password')}
      />
      <FormProblem error={error} />
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
export function FormProblem({ error }: { readonly error: unknown }) {
  const text = problemOf(error);
  return text ? (
    <p className="field-error" role="alert">
      {text}
    </p>
  ) : null;
}
