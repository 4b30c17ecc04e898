import { useState } from 'react';
import { api } from '../chat/api.ts';
import { m } from '../paraglide/messages.js';
import { Button, Empty, Failure, Field, Loading, TextField } from '../ui/parts.tsx';
import { useRemote } from '../ui/remote.ts';
import { FormProblem } from './PersonForm.tsx';

/** As `GET /api/suppliers` tells them. */
export interface SupplierChoice {
  readonly id: string;
  readonly protocol: string;
  readonly baseUrl: string;
  readonly enabled: boolean;
  readonly hasKey: boolean;
}

/** Stores the key of a supplier; it is encrypted at rest and never shown again. */
export function SupplierForm({ onDone }: { readonly onDone: () => void }) {
  const suppliers = useRemote<readonly SupplierChoice[]>('/suppliers');
  const [chosen, choose] = useState<string>();
  const [key, setKey] = useState('');
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  if (suppliers.error) return <Failure error={suppliers.error} onAgain={suppliers.reload} />;
  if (!suppliers.data) return <Loading rows={3} />;
  const outside = suppliers.data.filter(({ protocol }) => protocol !== 'simulator');
  if (outside.length === 0) return <Empty>{m.entry_no_suppliers()}</Empty>;
  const supplier = chosen ?? outside[0]?.id ?? '';
  const save = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      await api('POST', `/suppliers/${encodeURIComponent(supplier)}/key`, { key });
      onDone();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <Field label={m.entry_supplier()}>
        {(ids) => (
          <select
            {...ids}
            className="input"
            value={supplier}
            onChange={(event) => choose(event.target.value)}
          >
            {outside.map(({ id, baseUrl, hasKey }) => (
              <option key={id} value={id}>
                {hasKey ? m.entry_supplier_has_key({ name: id }) : `${id} · ${baseUrl}`}
              </option>
            ))}
          </select>
        )}
      </Field>
      <TextField
        label={m.entry_key()}
        type="password"
        value={key}
        onChange={setKey}
        autoComplete="off"
        hint={m.entry_key_hint()}
      />
      <FormProblem error={error} />
      <div className="form-actions">
        <Button main type="submit" busy={isBusy} disabled={key.trim() === ''}>
          {m.entry_key_save()}
        </Button>
      </div>
    </form>
  );
}
