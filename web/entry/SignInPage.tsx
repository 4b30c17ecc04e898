import { useState } from 'react';
import type { SignedIn } from '../../src/http/shapes/session.ts';
import { api, ApiError } from '../chat/api.ts';
import { m } from '../paraglide/messages.js';
import { Button, TextField } from '../ui/parts.tsx';
import { usePlace } from '../ui/place.ts';
import { enter, useSession } from '../ui/session.ts';
import { EntryFrame } from './EntryFrame.tsx';
import { FormProblem } from './PersonForm.tsx';

/** E-mail and password; then, where the person turned it on, a second factor. */
export function SignInPage() {
  const { query } = usePlace();
  const session = useSession();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [isBackup, setBackup] = useState(false);
  const [isSecond, setSecond] = useState(false);
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const asked = query.get('to');
  const goal = asked?.startsWith('/') && !asked.startsWith('//') ? asked : undefined;
  const attempt = async (call: () => Promise<SignedIn>): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      const { secondFactor } = await call();
      if (!secondFactor) return enter(goal ?? (await homeOf()));
      setSecond(true);
    } catch (problem) {
      const isWrong = problem instanceof ApiError && problem.code === 'unauthenticated';
      setError(isWrong ? new Error(isSecond ? m.ui_problem_code() : m.entry_wrong()) : problem);
    }
    setBusy(false);
  };
  if (query.has('forgot')) return <ForgotPassword sendsMail={session.data?.sendsMail === true} />;
  if (isSecond)
    return (
      <EntryFrame title={m.entry_second_title()} lead={m.entry_second_lead()}>
        <form
          className="form"
          onSubmit={(event) => {
            event.preventDefault();
            void attempt(() => api('POST', '/sign-in/second-factor', { code, backup: isBackup }));
          }}
        >
          <TextField
            label={isBackup ? m.entry_backup_code() : m.entry_code()}
            value={code}
            onChange={setCode}
            autoComplete="one-time-code"
            autoFocus
          />
          <FormProblem error={error} />
          <div className="form-actions">
            <Button main type="submit" busy={isBusy} disabled={code === ''}>
              {m.entry_sign_in()}
            </Button>
            <button type="button" className="quiet-button" onClick={() => setBackup(!isBackup)}>
              {isBackup ? m.entry_use_code() : m.entry_use_backup()}
            </button>
          </div>
        </form>
      </EntryFrame>
    );
  return (
    <EntryFrame
      title={m.entry_sign_in()}
      lead={session.data?.needsSetup ? m.entry_needs_setup() : m.entry_sign_in_lead()}
    >
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void attempt(() => api('POST', '/sign-in', { email, password }));
        }}
      >
        <TextField
          label={m.entry_email()}
          type="email"
          value={email}
          onChange={setEmail}
          autoComplete="username"
          autoFocus
        />
        <TextField
          label={m.entry_password()}
          type="password"
          value={password}
          onChange={setPassword}
          autoComplete="current-password"
        />
        <FormProblem error={error} />
        <div className="form-actions">
          <Button main type="submit" busy={isBusy} disabled={!email || !password}>
            {m.entry_sign_in()}
          </Button>
          <a className="quiet-link" href="/sign-in?forgot">
            {m.entry_forgot()}
          </a>
          {session.data?.registration === 'open' && (
            <a className="quiet-link" href="/sign-in?new">
              {m.entry_no_account()}
            </a>
          )}
        </div>
      </form>
    </EntryFrame>
  );
}

/** Asks for a mail with a one-time address. The answer is the same whoever has an account. */
function ForgotPassword({ sendsMail }: { readonly sendsMail: boolean }) {
  const [email, setEmail] = useState('');
  const [isSent, setSent] = useState(false);
  const [error, setError] = useState<unknown>();
  const back = (
    <a className="quiet-link" href="/sign-in">
      {m.entry_back_to_sign_in()}
    </a>
  );
  const lead = !sendsMail
    ? m.entry_forgot_no_mail()
    : isSent
      ? m.entry_forgot_sent()
      : m.entry_forgot_lead();
  return (
    <EntryFrame title={m.entry_forgot()} lead={lead}>
      {sendsMail && !isSent ? (
        <form
          className="form"
          onSubmit={(event) => {
            event.preventDefault();
            setError(undefined);
            api('POST', '/password-reset/mail', { email }).then(() => setSent(true), setError);
          }}
        >
          <TextField
            label={m.entry_email()}
            type="email"
            value={email}
            onChange={setEmail}
            autoComplete="username"
            autoFocus
          />
          <FormProblem error={error} />
          <div className="form-actions">
            <Button main type="submit" disabled={email === ''}>
              {m.entry_forgot_send()}
            </Button>
            {back}
          </div>
        </form>
      ) : (
        <p>{back}</p>
      )}
    </EntryFrame>
  );
}

/** Operators go to their console, everybody else to the chat. */
async function homeOf(): Promise<string> {
  const session = await api<{ operator: unknown; customer: unknown }>('GET', '/session');
  return session.operator && !session.customer ? '/operator' : '/';
}
