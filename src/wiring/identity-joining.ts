import { insertCustomer, insertMember } from '#accounts/customers.store.ts';
import { readInstallationSettings } from '#accounts/installation-settings.store.ts';
import {
  deleteOneTimeToken,
  deleteSetUpTokens,
  type OneTimeToken,
} from '#accounts/one-time-tokens.store.ts';
import {
  hasOwner,
  insertPerson,
  linkMember,
  lockOperators,
  setOperatorRole,
} from '#accounts/people.store.ts';
import type { MemberRole } from '#accounts/customers.store.ts';
import type { OperatorRole } from '#accounts/operator-keys.store.ts';
import type { Book } from '#base/book.ts';
import { DomainError } from '#base/domain-error.ts';
import { newId, type Id } from '#base/id.ts';
import { transaction } from '#db/pool.ts';
import type { IdentityServices } from '#http/identity-services.ts';
import { currentPlanVersion } from '#subscriptions/plans.store.ts';
import { subscribe } from '#subscriptions/subscriptions.ts';
import type { PoolClient } from 'pg';
import { countTry, type IdentityParts } from './identity-parts.ts';
import { requireToken } from './identity-tokens.ts';

interface NewPerson {
  readonly name: string;
  readonly email: string;
  readonly password: string;
}

/** A customer that a person was made the admin of, still without a plan. */
interface NewCustomer {
  readonly book: Book;
  readonly customerId: Id<'customer'>;
}

type Joining = Pick<IdentityServices, 'setUp' | 'signUp'>;

/** How people come in: by the set-up address, by an invitation, or by themselves. */
export function joining(
  parts: IdentityParts,
  signInAs: (request: Request, who: { email: string; password: string }) => Promise<Response>,
): Joining {
  const { pool } = parts;
  const join = async (
    person: NewPerson,
    admit: (client: PoolClient, personId: Id<'person'>) => Promise<NewCustomer | undefined>,
  ): Promise<void> => {
    const { password } = await parts.signIn.auth.$context;
    // Slow by design, so outside the transaction.
    const passwordHash = await password.hash(person.password);
    const personId = newId('person', parts.clock, parts.random);
    const made = await transaction(pool, async (client) => {
      await insertPerson(client, {
        id: personId,
        credentialId: newId('person', parts.clock, parts.random),
        name: person.name,
        email: person.email.toLowerCase(),
        passwordHash,
      });
      return admit(client, personId);
    });
    if (made) {
      const { newcomerPlan } = await readInstallationSettings(pool);
      await subscribe(parts.subscriptions, { ...made, plan: newcomerPlan, timeZone: 'UTC' });
    }
  };
  return {
    async setUp(request, { token, ...owner }) {
      await countTry(pool, request, { kind: 'set-up' });
      await requireToken(parts, token, ['setup']);
      await join(owner, async (client, personId) => {
        await lockOperators(client);
        if (await hasOwner(client)) {
          throw new DomainError('conflict', 'This installation has its owner already: sign in.');
        }
        await requireToken(parts, token, ['setup'], client);
        await deleteSetUpTokens(client);
        await setOperatorRole(client, personId, 'owner');
        // Operators chat too, under a plan like everybody: their use is a cost without revenue.
        return newCustomer(parts, client, { personId, name: owner.name, email: owner.email });
      });
      return signInAs(request, owner);
    },
    async signUp(request, { invite, ...person }) {
      await countTry(pool, request, { kind: 'sign-up' });
      const { registration } = await readInstallationSettings(pool);
      if (invite === undefined) {
        if (registration !== 'open')
          throw new DomainError('forbidden', 'Nobody can join here without an invitation.', {
            field: 'invite',
          });
        await join(person, (client, personId) =>
          newCustomer(parts, client, { personId, name: person.name, email: person.email }),
        );
        return signInAs(request, person);
      }
      await join(person, async (client, personId) => {
        const token = await requireToken(parts, invite, INVITATIONS, client);
        if (registration === 'closed' && token.purpose !== 'operator')
          throw new DomainError('forbidden', 'Nobody can join at the moment.', { field: 'invite' });
        if (token.email !== undefined && token.email !== person.email.toLowerCase()) {
          throw new DomainError('forbidden', 'This invitation is for another e-mail address.', {
            field: 'email',
          });
        }
        await deleteOneTimeToken(client, token.id);
        return accept(parts, client, token, { personId, ...person });
      });
      return signInAs(request, person);
    },
  };
}

export const INVITATIONS = ['operator', 'customer', 'member'] as const;

async function accept(
  parts: IdentityParts,
  client: PoolClient,
  { purpose, role, customer }: OneTimeToken,
  person: { readonly personId: Id<'person'>; readonly name: string; readonly email: string },
): Promise<NewCustomer | undefined> {
  if (purpose === 'operator') {
    await lockOperators(client);
    await setOperatorRole(client, person.personId, role as OperatorRole);
  }
  if (purpose === 'member' && customer) {
    const memberId = newId('member', parts.clock, parts.random);
    await insertMember(client, {
      book: customer.book,
      id: memberId,
      customerId: customer.id,
      name: person.name,
      email: person.email,
      role: role as MemberRole,
    });
    await linkMember(client, { book: customer.book, memberId }, person.personId);
    return undefined;
  }
  return newCustomer(parts, client, person);
}

async function newCustomer(
  { clock, random }: IdentityParts,
  client: PoolClient,
  person: { readonly personId: Id<'person'>; readonly name: string; readonly email: string },
): Promise<NewCustomer> {
  const { newcomerPlan } = await readInstallationSettings(client);
  if (!(await currentPlanVersion(client, newcomerPlan)))
    throw new DomainError('conflict', `Newcomers' plan, ${newcomerPlan}, is not on offer.`);
  const customerId = newId('customer', clock, random);
  const memberId = newId('member', clock, random);
  const { name, email } = person;
  await insertCustomer(client, { book: 'live', id: customerId, name, email });
  await insertMember(client, {
    book: 'live',
    id: memberId,
    customerId,
    name,
    email,
    role: 'admin',
  });
  await linkMember(client, { book: 'live', memberId }, person.personId);
  return { book: 'live', customerId };
}
