import type { IssuedInvite } from '../../src/http/shapes/session.ts';
import { m } from '../paraglide/messages.js';

/** Whether an invitation also went out by mail; silent where none was to go. */
export function Mailed({ mail }: { readonly mail: IssuedInvite['mail'] }) {
  if (mail === null) return null;
  return (
    <span>
      {mail.isTaken ? m.me_invite_mailed() : m.me_invite_not_mailed({ answer: mail.answer })}
    </span>
  );
}
