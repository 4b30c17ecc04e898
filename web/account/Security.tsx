import { useState } from 'react';
import type { SessionRow, TwoFactorStart } from '../../src/http/shapes/session.ts';
import { api } from '../chat/api.ts';
import { CopyButton } from '../chat/CopyButton.tsx';
import { FormProblem } from '../entry/PersonForm.tsx';
import { m } from '../paraglide/messages.js';
import { moment } from '../ui/figures.ts';
import { Button, Failure, Loading, TextField } from '../ui/parts.tsx';
import { QrCode } from '../ui/QrCode.tsx';
import { useRemote } from '../ui/remote.ts';

export function Password() {
  const [password, setPassword] = useState('');
  const [next, setNext] = useState('');
  const [said, say] = useState('');
  const [error, setError] = useState<unknown>();
  const change = (): void => {
    setError(undefined);
    api('POST', '/me/password', { password, newPassword: next })
      .then(() => {
        setPassword('');
        setNext('');
        say(m.me_password_changed());
      })
      .catch(setError);
  };
  return (
    <form
      className="form inline-form"
      onSubmit={(event) => {
        event.preventDefault();
        change();
      }}
    >
      <TextField
        label={m.me_password_now()}
        type="password"
        value={password}
        onChange={setPassword}
        autoComplete="current-password"
      />
      <TextField
        label={m.me_password_next()}
        type="password"
        value={next}
        onChange={setNext}
        autoComplete="new-password"
      />
      <Button type="submit" disabled={password === '' || next === ''}>
        {m.me_password_change()}
      </Button>
      <FormProblem error={error} />
      <p role="status" className="soft">
        {said}
      </p>
    </form>
  );
}

/** A second factor: an address for the authenticator and codes for a bad day, then a first code. */
export function TwoFactor({ isOn: wasOn }: { readonly isOn: boolean }) {
  const [isOn, setOn] = useState(wasOn);
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [start, setStart] = useState<TwoFactorStart>();
  const [error, setError] = useState<unknown>();
  const attempt = (call: Promise<unknown>, then: (answer: unknown) => void): void => {
    setError(undefined);
    call.then(then).catch(setError);
  };
  if (start)
    return (
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          attempt(api('POST', '/me/two-factor/confirm', { code }), () => {
            setStart(undefined);
            setOn(true);
            setCode('');
          });
        }}
      >
        <div className="once">
          <p>{m.me_two_factor_scan()}</p>
          <QrCode text={start.uri} label={m.me_two_factor_qr()} />
          <details>
            <summary>{m.me_two_factor_add()}</summary>
            <code>{start.uri}</code>
          </details>
          <p>{m.me_two_factor_backup()}</p>
          <ul className="backup-codes">
            {start.backupCodes.map((backup) => (
              <li key={backup}>
                <code>{backup}</code>
              </li>
            ))}
          </ul>
          <CopyButton isNamed label={m.me_copy()} text={() => start.backupCodes.join('\n')} />
        </div>
        <TextField
          label={m.me_two_factor_code()}
          value={code}
          onChange={setCode}
          inputMode="numeric"
          autoComplete="one-time-code"
        />
        <FormProblem error={error} />
        <div className="form-actions">
          <Button main type="submit" disabled={code.trim().length < 6}>
            {m.me_two_factor_confirm()}
          </Button>
        </div>
      </form>
    );
  return (
    <form
      className="form inline-form"
      onSubmit={(event) => {
        event.preventDefault();
        const then = (answer: unknown): void => {
          setPassword('');
          if (isOn) setOn(false);
          else setStart(answer as TwoFactorStart);
        };
        attempt(api('POST', isOn ? '/me/two-factor/stop' : '/me/two-factor', { password }), then);
      }}
    >
      <p className="soft">{isOn ? m.me_two_factor_is_on() : m.me_two_factor_is_off()}</p>
      <TextField
        label={m.me_password_now()}
        type="password"
        value={password}
        onChange={setPassword}
        autoComplete="current-password"
      />
      <Button type="submit" disabled={password === ''}>
        {isOn ? m.me_two_factor_stop() : m.me_two_factor_start()}
      </Button>
      <FormProblem error={error} />
    </form>
  );
}

export function Sessions() {
  const sessions = useRemote<{ readonly rows: readonly SessionRow[] }>('/me/sessions');
  const [error, setError] = useState<unknown>();
  if (sessions.error && !sessions.data)
    return <Failure error={sessions.error} onAgain={sessions.reload} />;
  if (!sessions.data) return <Loading rows={2} />;
  const end = (call: Promise<unknown>): void => {
    setError(undefined);
    call.then(sessions.reload).catch(setError);
  };
  return (
    <>
      <ul className="rows">
        {sessions.data.rows.map((row) => (
          <li key={row.id}>
            <span>{deviceText(row.device)}</span>
            <span className="faint">
              {[row.address, m.me_last_used({ at: moment(row.lastUsedAtMs) })]
                .filter(Boolean)
                .join(' · ')}
            </span>
            {row.current ? (
              <span className="soft">{m.me_this_one()}</span>
            ) : (
              <button
                type="button"
                className="quiet-button"
                onClick={() => end(api('DELETE', `/me/sessions/${encodeURIComponent(row.id)}`))}
              >
                {m.me_session_end()}
              </button>
            )}
          </li>
        ))}
      </ul>
      <FormProblem error={error} />
      {sessions.data.rows.length > 1 && (
        <div className="form-actions">
          <Button onClick={() => end(api('POST', '/me/sessions/end-others', {}))}>
            {m.me_sessions_end_others()}
          </Button>
        </div>
      )}
    </>
  );
}

const SYSTEMS = ['iPhone', 'iPad', 'Android', 'Windows', 'Macintosh', 'CrOS', 'Linux'] as const;
const BROWSERS = ['Edg', 'OPR', 'Firefox', 'Chrome', 'Safari'] as const;
const BROWSER_NAMES: Readonly<Record<string, string>> = { Edg: 'Edge', OPR: 'Opera' };

/** A browser's long name for itself, as people would say it: `Firefox · Linux`. */
function deviceText(device: string | null): string {
  const browser = BROWSERS.find((name) => device?.includes(`${name}/`));
  const system = SYSTEMS.find((name) => device?.includes(name));
  if (!browser && !system) return device ?? m.me_device_unknown();
  return [browser && (BROWSER_NAMES[browser] ?? browser), system === 'Macintosh' ? 'Mac' : system]
    .filter(Boolean)
    .join(' · ');
}

/** Erases the person; opened first, so that no slip does it. */
export function Leaving() {
  const [password, setPassword] = useState('');
  const [error, setError] = useState<unknown>();
  const leave = (): void => {
    setError(undefined);
    api('POST', '/me/delete', { password })
      .then(() => location.assign('/sign-in'))
      .catch(setError);
  };
  return (
    <details className="leaving">
      <summary>{m.me_leave()}</summary>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          leave();
        }}
      >
        <p>{m.me_leave_note()}</p>
        <TextField
          label={m.me_password_now()}
          type="password"
          value={password}
          onChange={setPassword}
          autoComplete="current-password"
        />
        <FormProblem error={error} />
        <div className="form-actions">
          <Button type="submit" disabled={password === ''}>
            {m.me_leave_do()}
          </Button>
        </div>
      </form>
    </details>
  );
}
