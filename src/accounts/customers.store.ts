import type { Pool, PoolClient } from 'pg';
import type { Book } from '#base/book.ts';
import { DomainError } from '#base/domain-error.ts';
import { type Id, idFromUuid, uuidOf } from '#base/id.ts';

export interface Customer {
  readonly book: Book;
  readonly id: Id<'customer'>;
  readonly name: string;
  readonly email: string | undefined;
  readonly createdAt: Date;
}

export type MemberRole = 'admin' | 'member';

export interface Member {
  readonly book: Book;
  readonly id: Id<'member'>;
  readonly customerId: Id<'customer'>;
  readonly name: string;
  readonly email: string | undefined;
  readonly role: MemberRole;
}

interface CustomerRow {
  book: Book;
  id: string;
  name: string;
  email: string | null;
  created_at: Date;
}

interface MemberRow {
  book: Book;
  id: string;
  customer_id: string;
  name: string;
  email: string | null;
  role: MemberRole;
}

/** Adds a customer. */
export async function insertCustomer(
  db: Pool | PoolClient,
  customer: Omit<Customer, 'createdAt'>,
): Promise<void> {
  await db.query('INSERT INTO customer (book, id, name, email) VALUES ($1, $2, $3, $4)', [
    customer.book,
    uuidOf(customer.id),
    customer.name,
    customer.email ?? null,
  ]);
}

/** @throws DomainError `not_found`. */
export async function readCustomer(
  db: Pool | PoolClient,
  book: Book,
  id: Id<'customer'>,
): Promise<Customer> {
  const { rows } = await db.query<CustomerRow>(
    'SELECT book, id, name, email, created_at FROM customer WHERE book = $1 AND id = $2',
    [book, uuidOf(id)],
  );
  const [row] = rows;
  if (!row) throw new DomainError('not_found', `There is no customer ${id} in the ${book} book.`);
  return customerOf(row);
}

/** Customers of a book by the time they joined, newest first; `after` is the last id of the page before. */
export async function listCustomers(
  pool: Pool,
  options: { book: Book; limit: number; after?: Id<'customer'> },
): Promise<readonly Customer[]> {
  const { rows } = await pool.query<CustomerRow>(
    `SELECT book, id, name, email, created_at FROM customer
      WHERE book = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
    [options.book, options.after ? uuidOf(options.after) : null, options.limit],
  );
  return rows.map(customerOf);
}

/** Adds a member. @throws DomainError `not_found` where the customer does not exist. */
export async function insertMember(db: Pool | PoolClient, member: Member): Promise<void> {
  await readCustomer(db, member.book, member.customerId);
  await db.query(
    'INSERT INTO member (book, id, customer_id, name, email, role) VALUES ($1, $2, $3, $4, $5, $6)',
    [
      member.book,
      uuidOf(member.id),
      uuidOf(member.customerId),
      member.name,
      member.email ?? null,
      member.role,
    ],
  );
}

/** A customer's members who were not removed. */
export async function listMembers(
  pool: Pool,
  book: Book,
  customerId: Id<'customer'>,
): Promise<readonly Member[]> {
  const { rows } = await pool.query<MemberRow>(
    `SELECT book, id, customer_id, name, email, role FROM member
      WHERE book = $1 AND customer_id = $2 AND removed_at IS NULL ORDER BY id`,
    [book, uuidOf(customerId)],
  );
  return rows.map((row) => ({
    book: row.book,
    id: idFromUuid('member', row.id),
    customerId: idFromUuid('customer', row.customer_id),
    name: row.name,
    email: row.email ?? undefined,
    role: row.role,
  }));
}

function customerOf(row: CustomerRow): Customer {
  return {
    book: row.book,
    id: idFromUuid('customer', row.id),
    name: row.name,
    email: row.email ?? undefined,
    createdAt: row.created_at,
  };
}
