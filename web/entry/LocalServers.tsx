import { useState } from 'react';
import type { LocalServers as Found } from '../../src/http/routes/local-servers.ts';
import { api } from '../chat/api.ts';
import { m } from '../paraglide/messages.js';
import { count } from '../ui/figures.ts';
import { Button } from '../ui/parts.tsx';
import { useRemote } from '../ui/remote.ts';
import { FormProblem } from './PersonForm.tsx';

const NAMED = 4;

/** Model servers that were found on this machine, each connected with a click; nothing where there are none. */
export function LocalServers({ onConnected }: { readonly onConnected?: () => void }) {
  const found = useRemote<Found>('/local-servers');
  const [models, setModels] = useState<readonly string[]>();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState<number>();
  const rows = found.data?.rows ?? [];
  if (rows.length === 0) return null;
  const connect = async (port: number): Promise<void> => {
    setBusy(port);
    setError(undefined);
    try {
      const answer = await api<{ readonly models: readonly string[] }>(
        'POST',
        '/local-servers/connect',
        { port },
      );
      setModels(answer.models);
      found.reload();
      onConnected?.();
    } catch (problem) {
      setError(problem);
    }
    setBusy(undefined);
  };
  return (
    <ul className="local-servers">
      {rows.map((server) => (
        <li key={server.port}>
          <p>
            <strong>{m.local_found({ name: server.name })}</strong> <code>{server.url}</code>
          </p>
          <p className="soft">{m.local_models({ models: namesOf(server.models) })}</p>
          {!server.isConnected && (
            <Button main busy={busy === server.port} onClick={() => void connect(server.port)}>
              {m.local_connect({ name: server.name })}
            </Button>
          )}
        </li>
      ))}
      {models && <li role="status">{m.local_connected({ models: namesOf(models) })}</li>}
      <FormProblem error={error} />
    </ul>
  );
}

function namesOf(models: readonly string[]): string {
  const named = models.slice(0, NAMED).join(', ');
  const rest = models.length - NAMED;
  return rest > 0 ? m.local_more({ models: named, count: count(rest) }) : named;
}
