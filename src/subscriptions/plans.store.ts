import type { Pool, PoolClient } from 'pg';
import { type Id, idFromUuid, uuidOf } from '#base/id.ts';

/** A plan version as it is stored: a document that `plans/` can read. */
export interface StoredPlanVersion {
  readonly id: Id<'planVersion'>;
  readonly plan: string;
  readonly version: number;
  readonly body: unknown;
  /** True for the version that new subscriptions get. */
  readonly current: boolean;
}

interface PlanRow {
  id: string;
  plan: string;
  version: number;
  body: unknown;
  current: boolean;
}

const SELECT = `SELECT v.id, v.plan, v.version, v.body, c.plan IS NOT NULL AS current
  FROM plan_version v LEFT JOIN plan_current c ON c.plan_version_id = v.id`;

/** Every version ever published, in order. */
export async function readPlanVersions(
  db: Pool | PoolClient,
): Promise<readonly StoredPlanVersion[]> {
  const { rows } = await db.query<PlanRow>(`${SELECT} ORDER BY v.plan, v.version`);
  return rows.map(({ id, ...row }) => ({ ...row, id: idFromUuid('planVersion', id) }));
}

/** The current version of a plan. */
export async function currentPlanVersion(
  db: Pool | PoolClient,
  plan: string,
): Promise<Id<'planVersion'> | undefined> {
  const { rows } = await db.query<{ id: string }>(
    'SELECT plan_version_id AS id FROM plan_current WHERE plan = $1',
    [plan],
  );
  return rows[0] && idFromUuid('planVersion', rows[0].id);
}

/** The plan that a version is of. */
export async function planOfVersion(
  db: Pool | PoolClient,
  id: Id<'planVersion'>,
): Promise<string | undefined> {
  const { rows } = await db.query<{ plan: string }>('SELECT plan FROM plan_version WHERE id = $1', [
    uuidOf(id),
  ]);
  return rows[0]?.plan;
}

/** Stores a new, immutable version. Making it current is a step of its own. */
export async function insertPlanVersion(
  db: Pool | PoolClient,
  version: Omit<StoredPlanVersion, 'current'>,
): Promise<void> {
  await db.query('INSERT INTO plan_version (id, plan, version, body) VALUES ($1, $2, $3, $4)', [
    uuidOf(version.id),
    version.plan,
    version.version,
    version.body,
  ]);
}

/** Points a plan at one of its versions; an older one is the undo of a publication. */
export async function makePlanVersionCurrent(
  db: Pool | PoolClient,
  plan: string,
  id: Id<'planVersion'>,
): Promise<void> {
  await db.query(
    `INSERT INTO plan_current (plan, plan_version_id) VALUES ($1, $2)
     ON CONFLICT (plan) DO UPDATE SET plan_version_id = EXCLUDED.plan_version_id`,
    [plan, uuidOf(id)],
  );
}

/** Takes a plan off the offer; its subscribers keep their versions. */
export async function withdrawPlan(db: Pool | PoolClient, plan: string): Promise<void> {
  await db.query('DELETE FROM plan_current WHERE plan = $1', [plan]);
}

/** When each version was published, by its uuid, in milliseconds. */
export async function readPlanVersionDates(db: Pool): Promise<ReadonlyMap<string, number>> {
  const { rows } = await db.query<{ id: string; published_at: Date }>(
    'SELECT id, published_at FROM plan_version',
  );
  return new Map(rows.map(({ id, published_at }) => [id, published_at.getTime()]));
}
