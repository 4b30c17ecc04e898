import { useState } from 'react';
import type { MySettings } from '../../src/http/shapes/me.ts';
import type { Session } from '../../src/http/shapes/session.ts';
import { api } from '../chat/api.ts';
import { FormProblem } from '../entry/PersonForm.tsx';
import { m } from '../paraglide/messages.js';
import { numberOf, percent } from '../ui/figures.ts';
import { Button, Failure, Loading, Segments, TextField } from '../ui/parts.tsx';
import {
  changeLanguage,
  changeTheme,
  language,
  type Language,
  type Theme,
  theme,
} from '../ui/preferences.ts';
import { forgetAnswers, useRemote } from '../ui/remote.ts';
import { signOut } from '../ui/session.ts';
import { Keys } from './Keys.tsx';
import { Members } from './Members.tsx';
import { Part } from './Part.tsx';
import { Leaving, Password, Sessions, TwoFactor } from './Security.tsx';

/** What people set for themselves, and admins for their account. */
export function SettingsPage({ session }: { readonly session: Session }) {
  const { person, customer } = session;
  if (!person) return null;
  return (
    <>
      <p className="account-sentence">
        {person.name} <span className="soft">{person.email}</span>
      </p>
      <Part title={m.me_profile()}>
        <Profile name={person.name} />
      </Part>
      <Part title={m.me_appearance()}>
        <Appearance />
      </Part>
      {customer && (
        <>
          <Part title={m.me_spending()} note={m.me_spending_note()}>
            <Spending isAdmin={customer.role === 'admin'} />
          </Part>
          <Part title={m.me_keys()} note={m.me_keys_note()}>
            <Keys isAdmin={customer.role === 'admin'} />
          </Part>
          <Part title={m.me_members()}>
            <Members isAdmin={customer.role === 'admin'} />
          </Part>
        </>
      )}
      <Part title={m.me_password()}>
        <Password />
      </Part>
      <Part title={m.me_two_factor()} note={m.me_two_factor_note()}>
        <TwoFactor isOn={person.twoFactor} />
      </Part>
      <Part title={m.me_sessions()}>
        <Sessions />
      </Part>
      <Part title={m.me_data()} note={m.me_data_note()}>
        <div className="form-actions">
          {customer && (
            <a className="button" href="/api/me/export" download="breakeven.json">
              {m.me_export()}
            </a>
          )}
          <Button onClick={() => void signOut()}>{m.me_sign_out()}</Button>
        </div>
        <Leaving />
      </Part>
    </>
  );
}

function Profile({ name: given }: { readonly name: string }) {
  const [name, setName] = useState(given);
  const [saved, setSaved] = useState(given);
  const [error, setError] = useState<unknown>();
  const save = (): void => {
    setError(undefined);
    api('POST', '/me/profile', { name })
      .then(() => {
        setSaved(name);
        forgetAnswers();
      })
      .catch(setError);
  };
  return (
    <form
      className="form inline-form"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <TextField label={m.me_name()} value={name} onChange={setName} autoComplete="name" />
      <Button type="submit" disabled={name.trim() === '' || name === saved}>
        {m.me_save()}
      </Button>
      <FormProblem error={error} />
    </form>
  );
}

function Appearance() {
  const [look, setLook] = useState<Theme>(theme);
  const change = (next: Language): void => {
    // The server writes to people in the language that they read.
    void api('POST', '/me/profile', { language: next === 'en' ? 'en' : 'zh' }).finally(() =>
      changeLanguage(next),
    );
  };
  return (
    <div className="form-actions">
      <Segments<Language>
        label={m.me_language()}
        value={language()}
        onChange={change}
        options={[
          { value: 'en', label: 'English' },
          { value: 'zh-CN', label: '简体中文' },
        ]}
      />
      <Segments<Theme>
        label={m.me_appearance()}
        value={look}
        onChange={(next) => {
          changeTheme(next);
          setLook(next);
        }}
        options={[
          { value: 'system', label: m.chat_appearance_system() },
          { value: 'light', label: m.chat_appearance_light() },
          { value: 'dark', label: m.chat_appearance_dark() },
        ]}
      />
    </div>
  );
}

const ALERTS = [0.5, 0.8, 0.95] as const;

/** The account's own bound on what may be spent beyond the plan, and when to warn. */
function Spending({ isAdmin }: { readonly isAdmin: boolean }) {
  const settings = useRemote<MySettings>('/me/settings');
  if (settings.error && !settings.data)
    return <Failure error={settings.error} onAgain={settings.reload} />;
  if (!settings.data) return <Loading rows={2} />;
  return (
    <SpendingForm
      key={String(settings.data.spendingCapNanoUsd)}
      settings={settings.data}
      isAdmin={isAdmin}
      onDone={settings.reload}
    />
  );
}

function SpendingForm({
  settings,
  isAdmin,
  onDone,
}: {
  readonly settings: MySettings;
  readonly isAdmin: boolean;
  readonly onDone: () => void;
}) {
  const kept =
    settings.spendingCapNanoUsd === null
      ? ''
      : String(numberOf(settings.spendingCapNanoUsd) / 1_000_000_000);
  const [cap, setCap] = useState(kept);
  const [error, setError] = useState<unknown>();
  const change = (next: object): void => {
    setError(undefined);
    api('POST', '/me/settings', next).then(onDone).catch(setError);
  };
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        change({ spendingCapUsd: cap.trim() === '' ? null : cap.trim() });
      }}
    >
      <div className="inline-form">
        <TextField
          label={m.me_cap()}
          value={cap}
          onChange={setCap}
          inputMode="decimal"
          hint={m.me_cap_hint()}
        />
        <Button type="submit" disabled={!isAdmin || cap === kept}>
          {m.me_save()}
        </Button>
      </div>
      <fieldset className="checks" disabled={!isAdmin}>
        <legend>{m.me_alerts()}</legend>
        {ALERTS.map((share) => (
          <label key={share}>
            <input
              type="checkbox"
              checked={settings.alertAt.includes(share)}
              onChange={(event) =>
                change({
                  alertAt: event.target.checked
                    ? [...settings.alertAt, share].toSorted((a, b) => a - b)
                    : settings.alertAt.filter((each) => each !== share),
                })
              }
            />
            {percent(share)}
          </label>
        ))}
      </fieldset>
      <FormProblem error={error} />
      {!isAdmin && <p className="soft">{m.me_only_admins()}</p>}
    </form>
  );
}
