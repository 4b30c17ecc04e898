import { useState } from 'react';
import type { PlansAnswer } from '../../src/http/shapes/plans.ts';
import type { Registration } from '../../src/http/shapes/session.ts';
import type { Settings } from '../../src/http/shapes/settings.ts';
import { api } from '../chat/api.ts';
import { DemoLoader } from '../entry/DemoLoader.tsx';
import { FormProblem } from '../entry/PersonForm.tsx';
import { LocalServers } from '../entry/LocalServers.tsx';
import { SupplierForm } from '../entry/SupplierForm.tsx';
import { m } from '../paraglide/messages.js';
import { Button, Failure, Field, Loading, Segments } from '../ui/parts.tsx';
import { forgetAnswers, queryOf, useRemote } from '../ui/remote.ts';
import { MailSettings } from './MailSettings.tsx';
import { OperatorPeople } from './OperatorPeople.tsx';
import { Page, Part } from './Page.tsx';
import { useView } from './view.ts';

/** The installation: who may join, who operates it, suppliers' keys, the demo. */
export function SettingsPage() {
  return (
    <Page title={m.op_settings()} hasPeriod={false}>
      <div className="settings">
        <Part title={m.op_registration()} note={m.op_registration_note()}>
          <RegistrationForm />
        </Part>
        <Part title={m.op_operators()} note={m.op_operators_note()}>
          <OperatorPeople />
        </Part>
        <Part title={m.op_supplier_keys()} note={m.op_supplier_keys_note()}>
          <LocalServers />
          <SupplierKey />
        </Part>
        <Part title={m.op_mail()} note={m.op_mail_note()}>
          <MailSettings />
        </Part>
        <Part title={m.op_demo()} note={m.op_demo_note()}>
          <Demo />
        </Part>
      </div>
    </Page>
  );
}

function RegistrationForm() {
  const view = useView();
  const settings = useRemote<Settings>('/console/settings');
  const plans = useRemote<PlansAnswer>(`/console/plans${queryOf(view.query)}`);
  const [error, setError] = useState<unknown>();
  const change = (next: Partial<Settings>): void => {
    setError(undefined);
    api('POST', '/console/settings', next).then(settings.reload).catch(setError);
  };
  if (settings.error && !settings.data)
    return <Failure error={settings.error} onAgain={settings.reload} />;
  if (!settings.data) return <Loading rows={3} />;
  return (
    <div className="form form-narrow">
      <Segments<Registration>
        label={m.op_registration()}
        value={settings.data.registration}
        options={[
          { value: 'closed', label: m.op_registration_closed() },
          { value: 'invite', label: m.op_registration_invite() },
          { value: 'open', label: m.op_registration_open() },
        ]}
        onChange={(registration) => change({ registration })}
      />
      <Field label={m.op_newcomer_plan()}>
        {(ids) => (
          <select
            {...ids}
            className="input"
            value={settings.data?.newcomerPlan ?? ''}
            onChange={(event) => change({ newcomerPlan: event.target.value })}
          >
            {[
              ...new Set([
                settings.data?.newcomerPlan ?? '',
                ...(plans.data?.rows.map(({ plan }) => plan) ?? []),
              ]),
            ].map((plan) => (
              <option key={plan} value={plan}>
                {plans.data?.rows.find((line) => line.plan === plan)?.displayName ?? plan}
              </option>
            ))}
          </select>
        )}
      </Field>
      <FormProblem error={error} />
      <p className="field-hint">
        {m.op_public_url()} <code>{settings.data.publicUrl}</code>
      </p>
    </div>
  );
}

function SupplierKey() {
  const [saved, setSaved] = useState(0);
  return (
    <div className="form-narrow">
      {saved > 0 && <p role="status">{m.op_key_saved()}</p>}
      <SupplierForm key={saved} onDone={() => setSaved(saved + 1)} />
    </div>
  );
}

function Demo() {
  const view = useView();
  const [isAsking, ask] = useState(false);
  const [isGone, setGone] = useState(false);
  const inIt = useRemote<{ readonly total: number | null }>('/console/customers?book=demo&limit=1');
  const isLoaded = (inIt.data?.total ?? 0) > 0;
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const drop = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      await api('DELETE', '/demo');
      forgetAnswers();
      setGone(true);
      ask(false);
      inIt.reload();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="form form-narrow">
      {isGone && <p role="status">{m.op_demo_gone()}</p>}
      {isLoaded ? (
        <Button onClick={() => view.change({ book: 'demo' })}>{m.op_open_demo()}</Button>
      ) : (
        inIt.data && <DemoLoader onDone={() => view.change({ book: 'demo' })} />
      )}
      <FormProblem error={error} />
      {isAsking ? (
        <>
          <p>{m.op_demo_drop_sure()}</p>
          <div className="form-actions">
            <Button busy={isBusy} onClick={() => void drop()}>
              {m.op_demo_drop_yes()}
            </Button>
            <Button onClick={() => ask(false)}>{m.op_cancel()}</Button>
          </div>
        </>
      ) : (
        isLoaded && (
          <button type="button" className="skip-step" onClick={() => ask(true)}>
            {m.op_demo_drop()}
          </button>
        )
      )}
    </div>
  );
}
