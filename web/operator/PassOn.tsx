import type { IssuedInvite } from '../../src/http/shapes/session.ts';
import { CopyButton } from '../chat/CopyButton.tsx';
import { m } from '../paraglide/messages.js';
import { Mailed } from '../ui/Mailed.tsx';

/** An address that is shown this once, to be passed on; whether it also went out by mail. */
export function PassOn({
  sentence,
  issued: { url, mail },
}: {
  /** Until when it holds. */
  readonly sentence: string;
  readonly issued: Pick<IssuedInvite, 'url' | 'mail'>;
}) {
  return (
    <div role="status">
      <p>{sentence}</p>
      <p className="issued">
        <code>{url}</code>
        <CopyButton label={m.me_copy()} text={() => url} />
      </p>
      <p>
        <Mailed mail={mail} />
      </p>
    </div>
  );
}
