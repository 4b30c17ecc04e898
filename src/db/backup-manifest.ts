import { z } from 'zod';

/**
 * What an archive holds. It stands at the end of the file, because row counts and hashes are known
 * only then; a reader therefore reads an archive once to verify it and a second time to load it.
 */
const manifestSchema = z.object({
  format: z.literal('breakeven-backup'),
  formatVersion: z.literal(1),
  createdAt: z.iso.datetime(),
  /** Of the server that was backed up, such as `18.4`. */
  serverVersion: z.string(),
  migrations: z.array(z.object({ number: z.int(), name: z.string(), sha256: z.string() })),
  tables: z.array(
    z.object({
      name: z.string(),
      columns: z.array(z.string()),
      rows: z.int().nonnegative(),
      /** Of the table's data in PostgreSQL's text format of COPY. */
      bytes: z.int().nonnegative(),
      sha256: z.string(),
    }),
  ),
  /** Parents before children. */
  partitions: z.array(
    z.object({
      name: z.string(),
      parent: z.string(),
      /** `FOR VALUES FROM (…) TO (…)` or `DEFAULT` */
      bound: z.string(),
      /** `RANGE (day)` where the partition is itself partitioned. */
      partitionKey: z.string().nullable(),
      /** Storage parameters, such as `fillfactor=80`. */
      options: z.array(z.string()),
    }),
  ),
  /** The value as text: it may pass 2^53. */
  sequences: z.array(z.object({ name: z.string(), value: z.string(), called: z.boolean() })),
});

export type BackupManifest = Readonly<z.infer<typeof manifestSchema>>;
export type BackupTable = BackupManifest['tables'][number];
export type BackupPartition = BackupManifest['partitions'][number];
export type BackupSequence = BackupManifest['sequences'][number];

/** @throws ZodError if the text is not a manifest of this format */
export function parseManifest(text: string): BackupManifest {
  return manifestSchema.parse(JSON.parse(text));
}
