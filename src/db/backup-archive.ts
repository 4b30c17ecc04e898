import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';
import { DomainError } from '#base/domain-error.ts';
import { type BackupManifest, type BackupTable, parseManifest } from './backup-manifest.ts';

/**
 * The archive: one zstd stream (`zstd -d` opens it) of frames. A frame is one byte of type, four
 * bytes of length (big-endian) and the payload:
 *
 *   table     `T`  the table's name
 *   data      `D`  bytes of COPY … TO STDOUT in text format, any number of frames
 *   end       `E`  empty
 *   manifest  `M`  JSON, after the last table
 *   seal      `S`  SHA-256 of the manifest's bytes; nothing follows
 */
export type FrameType = 'T' | 'D' | 'E' | 'M' | 'S';

interface Frame {
  readonly type: string;
  readonly payload: Buffer;
}

/** Takes the data of one table, in order; called for each table of the archive in turn. */
export type TableReader = (name: string, data: AsyncIterable<Buffer>) => Promise<void>;

const HEADER_BYTES = 5;
/** COPY sends chunks of kilobytes, the manifest is a megabyte at most: more is damage. */
const PAYLOAD_BYTES_MAX = 2 ** 30;

/** One frame as bytes. */
export function frame(type: FrameType, payload: Buffer | string): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(type, 0, 'latin1');
  header.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([header, bytes]);
}

/** The two frames that end an archive. */
export function manifestFrames(manifest: BackupManifest): Buffer {
  const bytes = Buffer.from(JSON.stringify(manifest));
  const seal = createHash('sha256').update(bytes).digest();
  return Buffer.concat([frame('M', bytes), frame('S', seal)]);
}

/**
 * Reads an archive from end to end, handing each table's data to `readTable`, and checks every
 * length and hash on the way. Data arrive before their hash is checked: a caller that loads them
 * does so in a transaction.
 * @throws DomainError `invalid_request` if it is not a whole, undamaged archive of this format
 */
export async function readArchive(path: string, readTable: TableReader): Promise<BackupManifest> {
  const frames = readFrames(path);
  const found: FoundTable[] = [];
  try {
    for (;;) {
      const next = await nextFrame(frames);
      if (next.type === 'T') {
        found.push(await readOneTable(next.payload.toString(), frames, readTable));
      } else if (next.type === 'M') {
        return await readEnd(next.payload, frames, found);
      } else {
        throw new DamageError('its frames are out of order');
      }
    }
  } catch (error) {
    throw damaged(path, error) ?? error;
  } finally {
    await frames.return(undefined);
  }
}

type FoundTable = Pick<BackupTable, 'name' | 'bytes' | 'sha256'>;
type FrameReader = AsyncGenerator<Frame, void, undefined>;

/** Found in the archive's content, as against an error of the disk or of the database. */
class DamageError extends Error {}

async function readOneTable(
  name: string,
  frames: FrameReader,
  readTable: TableReader,
): Promise<FoundTable> {
  const hash = createHash('sha256');
  let bytes = 0;
  let ended = false;
  async function* data(): AsyncGenerator<Buffer> {
    for (;;) {
      const { type, payload } = await nextFrame(frames);
      if (type === 'E') {
        ended = true;
        return;
      }
      if (type !== 'D') throw new DamageError(`table ${name} has no end`);
      hash.update(payload);
      bytes += payload.length;
      yield payload;
    }
  }
  await readTable(name, data());
  if (!ended) throw new Error(`the reader of table ${name} stopped before its end`);
  return { name, bytes, sha256: hash.digest('hex') };
}

async function readEnd(
  payload: Buffer,
  frames: FrameReader,
  found: readonly FoundTable[],
): Promise<BackupManifest> {
  const seal = await nextFrame(frames);
  const hash = createHash('sha256').update(payload).digest();
  if (seal.type !== 'S' || !seal.payload.equals(hash)) {
    throw new DamageError('the seal of its manifest does not match');
  }
  const rest = await frames.next();
  if (rest.done !== true) throw new DamageError('something follows its end');
  const manifest = readManifest(payload);
  if (manifest.tables.length !== found.length) throw new DamageError('a table is missing');
  for (const [index, table] of manifest.tables.entries()) {
    const data = found[index];
    const same =
      data?.name === table.name && data.bytes === table.bytes && data.sha256 === table.sha256;
    if (!same) throw new DamageError(`the data of table ${table.name} do not match their hash`);
  }
  return manifest;
}

function readManifest(payload: Buffer): BackupManifest {
  try {
    return parseManifest(payload.toString());
  } catch {
    throw new DamageError('its manifest is of another format version');
  }
}

async function nextFrame(frames: FrameReader): Promise<Frame> {
  const next = await frames.next();
  if (next.done === true) throw new DamageError('it is cut short');
  return next.value;
}

async function* readFrames(path: string): FrameReader {
  const decompress = createZstdDecompress();
  pipeline(createReadStream(path), decompress, () => {
    // The error comes out of the iteration as well.
  });
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let neededBytes = HEADER_BYTES;
  for await (const chunk of decompress as AsyncIterable<Buffer>) {
    pending.push(chunk);
    pendingBytes += chunk.length;
    // Joined only when a frame is whole: a frame of many chunks is copied once.
    if (pendingBytes < neededBytes) continue;
    let buffer = Buffer.concat(pending);
    for (;;) {
      neededBytes = frameBytes(buffer);
      if (buffer.length < neededBytes) break;
      const payload = buffer.subarray(HEADER_BYTES, neededBytes);
      yield { type: buffer.toString('latin1', 0, 1), payload };
      buffer = buffer.subarray(neededBytes);
    }
    pending = [buffer];
    pendingBytes = buffer.length;
  }
  if (pendingBytes > 0) throw new DamageError('it is cut short');
}

/** The length of the frame that begins here, as far as it can be told yet. */
function frameBytes(buffer: Buffer): number {
  if (buffer.length < HEADER_BYTES) return HEADER_BYTES;
  const length = buffer.readUInt32BE(1);
  if (length > PAYLOAD_BYTES_MAX) throw new DamageError('a frame has an absurd length');
  return HEADER_BYTES + length;
}

function damaged(path: string, error: unknown): DomainError | undefined {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const broken = error instanceof DamageError || code.startsWith('ZSTD_') || code === 'Z_BUF_ERROR';
  if (!broken) return undefined;
  const reason = error instanceof DamageError ? error.message : 'it cannot be decompressed';
  return new DomainError(
    'invalid_request',
    `${path} is not a whole Breakeven backup: ${reason}. Nothing was changed.`,
    { cause: error },
  );
}
