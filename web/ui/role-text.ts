import type { Session } from '../../src/http/shapes/session.ts';
import { m } from '../paraglide/messages.js';

export type OperatorRole = NonNullable<Session['operator']>['role'];

/** An operator's role, in words. */
export const roleText = (role: OperatorRole): string =>
  ({ owner: m.op_role_owner, operator: m.op_role_operator, support: m.op_role_support })[role]();
