import { useState } from 'react';
import type { MailSettings as Mail, MailTest } from '../../src/http/shapes/mail.ts';
import { api } from '../chat/api.ts';
import { FormProblem } from '../entry/PersonForm.tsx';
import { m } from '../paraglide/messages.js';
import { count } from '../ui/figures.ts';
import { Button, Failure, Loading, Segments, TextField } from '../ui/parts.tsx';
import { useRemote } from '../ui/remote.ts';
import { sentences } from '../ui/words.ts';
import { useSession } from '../ui/session.ts';

type Server = NonNullable<Mail['server']>;

const NEW: Server = {
  host: '',
  port: 465,
  security: 'tls',
  user: null,
  from: '',
  hasPassword: false,
};
const USUAL_PORT = { tls: 465, starttls: 587, none: 25 } as const;

/** The server that takes our mail: named, tried, and what it said. */
export function MailSettings() {
  const mail = useRemote<Mail>('/console/mail');
  if (mail.error && !mail.data) return <Failure error={mail.error} onAgain={mail.reload} />;
  if (!mail.data) return <Loading rows={4} />;
  const { server, waiting, givenUp, answer } = mail.data;
  return (
    <div className="form form-narrow">
      {!server && <p className="soft">{m.op_mail_none()}</p>}
      <ServerForm key={JSON.stringify(server)} server={server ?? NEW} onDone={mail.reload} />
      {server && <TestMail />}
      {waiting + givenUp > 0 && (
        <p className="soft">
          {sentences([
            waiting > 0 && m.op_mail_waiting({ count: count(waiting) }),
            givenUp > 0 && m.op_mail_given_up({ count: count(givenUp) }),
            answer && m.op_mail_said({ answer }),
          ])}
        </p>
      )}
    </div>
  );
}

function ServerForm({ server, onDone }: { readonly server: Server; readonly onDone: () => void }) {
  const [host, setHost] = useState(server.host);
  const [port, setPort] = useState(String(server.port));
  const [security, setSecurity] = useState(server.security);
  const [user, setUser] = useState(server.user ?? '');
  const [password, setPassword] = useState('');
  const [from, setFrom] = useState(server.from);
  const [isSaved, setSaved] = useState(false);
  const [error, setError] = useState<unknown>();
  const send = (call: Promise<unknown>): void => {
    setError(undefined);
    call
      .then(() => {
        setSaved(true);
        onDone();
      })
      .catch(setError);
  };
  const save = (): void =>
    send(
      api('POST', '/console/mail', {
        host,
        port: Number(port),
        security,
        ...(user && { user }),
        ...(password && { password }),
        from,
      }),
    );
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <div className="field">
        <span>{m.op_mail_security()}</span>
        <Segments
          label={m.op_mail_security()}
          value={security}
          options={[
            { value: 'tls', label: m.op_mail_tls() },
            { value: 'starttls', label: m.op_mail_starttls() },
            { value: 'none', label: m.op_mail_plain() },
          ]}
          onChange={(next) => {
            if (port === String(USUAL_PORT[security])) setPort(String(USUAL_PORT[next]));
            setSecurity(next);
          }}
        />
      </div>
      {security === 'none' && <p className="field-hint">{m.op_mail_plain_hint()}</p>}
      <TextField label={m.op_mail_host()} value={host} onChange={setHost} autoComplete="off" />
      <TextField
        label={m.op_mail_port()}
        value={port}
        onChange={setPort}
        inputMode="numeric"
        autoComplete="off"
      />
      <TextField label={m.op_mail_user()} value={user} onChange={setUser} autoComplete="off" />
      <TextField
        label={m.op_mail_password()}
        type="password"
        value={password}
        onChange={setPassword}
        autoComplete="new-password"
        {...(server.hasPassword && { hint: m.op_mail_password_kept() })}
      />
      <TextField
        label={m.op_mail_from()}
        value={from}
        onChange={setFrom}
        autoComplete="off"
        hint={m.op_mail_from_hint()}
      />
      <FormProblem error={error} />
      <div className="form-actions">
        <Button main type="submit" disabled={!host || !from || !(Number(port) > 0)}>
          {m.op_mail_save()}
        </Button>
        {server.host !== '' && (
          <button
            type="button"
            className="quiet-button"
            onClick={() => send(api('DELETE', '/console/mail'))}
          >
            {m.op_mail_forget()}
          </button>
        )}
      </div>
      <p role="status" className="soft">
        {isSaved && m.op_mail_saved()}
      </p>
    </form>
  );
}

function TestMail() {
  const session = useSession();
  const [to, setTo] = useState(session.data?.person?.email ?? '');
  const [said, say] = useState<MailTest>();
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const send = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    say(undefined);
    try {
      say(await api<MailTest>('POST', '/console/mail/test', { to }));
    } catch (problem) {
      setError(problem);
    }
    setBusy(false);
  };
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <TextField label={m.op_mail_test_to()} type="email" value={to} onChange={setTo} />
      <FormProblem error={error} />
      <div className="form-actions">
        <Button type="submit" busy={isBusy} disabled={to === ''}>
          {m.op_mail_test()}
        </Button>
      </div>
      <p role="status">
        {said &&
          (said.isTaken
            ? m.op_mail_took({ answer: said.answer })
            : m.op_mail_refused({ answer: said.answer }))}
      </p>
    </form>
  );
}
