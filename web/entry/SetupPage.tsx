import { useState } from 'react';
import { api } from '../chat/api.ts';
import { m } from '../paraglide/messages.js';
import { Button } from '../ui/parts.tsx';
import { usePlace } from '../ui/place.ts';
import { enter, useSession } from '../ui/session.ts';
import { DemoLoader } from './DemoLoader.tsx';
import { EntryFrame } from './EntryFrame.tsx';
import { LocalServers } from './LocalServers.tsx';
import { type NewPerson, PersonForm } from './PersonForm.tsx';
import { SupplierForm } from './SupplierForm.tsx';

const STEPS = 4;

/** First run: the owner, a supplier, the demo, done. All but the first can be skipped. */
export function SetupPage() {
  const { query } = usePlace();
  const session = useSession();
  const [step, setStep] = useState(1);
  const [hasDemo, setHasDemo] = useState(false);
  const token = query.get('token') ?? '';
  // A reload after the owner was made goes on with the second screen.
  const at = step === 1 && session.data?.operator ? 2 : step;
  if (!session.data && !session.error) return null;
  if (at === 1) {
    if (session.data && !session.data.needsSetup)
      return (
        <EntryFrame title={m.entry_owned_title()} lead={m.entry_owned_lead()}>
          <a className="button button-main" href="/sign-in">
            {m.entry_sign_in()}
          </a>
        </EntryFrame>
      );
    if (token === '')
      return (
        <EntryFrame title={m.entry_no_token_title()} lead={m.entry_no_token_lead()}>
          {null}
        </EntryFrame>
      );
    const claim = async (person: NewPerson): Promise<void> => {
      await api('POST', '/setup', { token, ...person });
      enter('/setup');
    };
    return (
      <EntryFrame
        title={m.entry_owner_title()}
        lead={m.entry_owner_lead()}
        step={{ at: 1, of: STEPS }}
      >
        <PersonForm action={m.entry_owner_action()} submit={claim} />
      </EntryFrame>
    );
  }
  if (at === 2)
    return (
      <EntryFrame
        title={m.entry_supplier_title()}
        lead={m.entry_supplier_lead()}
        step={{ at: 2, of: STEPS }}
      >
        <LocalServers onConnected={() => setStep(3)} />
        <SupplierForm onDone={() => setStep(3)} />
        <button type="button" className="skip-step" onClick={() => setStep(3)}>
          {m.entry_supplier_skip()}
        </button>
      </EntryFrame>
    );
  if (at === 3)
    return (
      <EntryFrame
        title={m.entry_demo_title()}
        lead={m.entry_demo_lead()}
        step={{ at: 3, of: STEPS }}
      >
        <DemoLoader
          onDone={() => {
            setHasDemo(true);
            setStep(4);
          }}
        />
        <button type="button" className="skip-step" onClick={() => setStep(4)}>
          {m.entry_demo_skip()}
        </button>
      </EntryFrame>
    );
  return (
    <EntryFrame title={m.entry_done_title()} lead={m.entry_done_lead()} step={{ at: 4, of: STEPS }}>
      <div className="form-actions">
        <Button main onClick={() => enter(hasDemo ? '/operator?book=demo' : '/operator')}>
          {hasDemo ? m.entry_done_demo() : m.entry_done_console()}
        </Button>
        <Button onClick={() => enter('/')}>{m.entry_done_chat()}</Button>
      </div>
    </EntryFrame>
  );
}
