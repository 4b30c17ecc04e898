import type { Session } from '../../src/http/shapes/session.ts';
import { m } from '../paraglide/messages.js';

export type OperatorRole = NonNullable<Session['operator']>['role'];

/** Each may do what those after it may. */
export const OPERATOR_ROLES: readonly OperatorRole[] = ['owner', 'operator', 'support'];

/** An operator's role, in words. */
export const roleText = (role: OperatorRole): string =>
  ({ owner: m.op_role_owner, operator: m.op_role_operator, support: m.op_role_support })[role]();

/** What it lets somebody do, in a sentence. */
export const roleMay = (role: OperatorRole): string =>
  ({
    owner: m.op_role_owner_may,
    operator: m.op_role_operator_may,
    support: m.op_role_support_may,
  })[role]();
