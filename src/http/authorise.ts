import { unreachable } from '#base/assert.ts';
import { DomainError } from '#base/domain-error.ts';
import type { Caller } from './caller.ts';
import { mayAct, type Policy, type RouteCall } from './route.ts';

type Authorised = Pick<RouteCall<unknown>, 'actor' | 'member' | 'personId' | 'caller'>;

/**
 * Holds a caller to a route's policy. What a route did not ask for is not in what it gets: a handler
 * that reads it would not compile.
 * @throws DomainError `unauthenticated` for nobody, `forbidden` for somebody who may not
 */
export function authorise(caller: Caller | undefined, policy: Policy): Authorised {
  if (policy.for === 'public') return { caller } as Authorised;
  if (!caller) throw new DomainError('unauthenticated', 'Sign in first.');
  switch (policy.for) {
    case 'operator': {
      const { name, role } = caller;
      if (role === undefined || !mayAct(role, policy.role)) {
        throw new DomainError(
          'forbidden',
          `This needs the role ${policy.role}; ${name} has ${role ?? 'none'}.`,
        );
      }
      return { caller, actor: { name, role } } as Authorised;
    }
    case 'customer': {
      const { member, personId, key } = caller;
      const isKnown = personId !== undefined || (key !== undefined && policy.byKey === true);
      if (!member || !isKnown)
        throw new DomainError('forbidden', 'This is for the people of a customer.');
      if (policy.role === 'admin' && member.role !== 'admin')
        throw new DomainError('forbidden', 'Only an admin of the account may do this.');
      return { caller, member, personId } as Authorised;
    }
    case 'person': {
      if (caller.personId === undefined)
        throw new DomainError('forbidden', 'This is for people who are signed in.');
      return { caller, personId: caller.personId } as Authorised;
    }
    default:
      return unreachable(policy);
  }
}
