import { isAscii } from 'node:buffer';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { DomainError } from '#base/domain-error.ts';
import type { Metering, UsageDialect } from '#metering/metering.ts';
import { usageMeter } from '#metering/usage-meter.ts';
import { isObject } from './wire/json-shape.ts';
import { errorWithin } from './wire/upstream-error.ts';

/** What the body of a success turned out to be. */
export type PlainAnswer =
  | {
      readonly kind: 'answer';
      readonly json: object;
      /** As it came; a text where that is the same, which goes out in one write with its headers. */
      readonly body: Buffer | string;
      readonly metering: Metering | undefined;
    }
  /** The supplier reports an error after all. */
  | {
      readonly kind: 'error';
      readonly error: DomainError;
      readonly metering: Metering | undefined;
    }
  /** Not an answer; the supplier may have made, and billed, one all the same. */
  | { readonly kind: 'unreadable'; readonly error: DomainError; readonly metering: undefined };

/** Reads the body of a 2xx: an error may hide in it, and it may be no answer at all. Never throws. */
export function readPlainAnswer(
  raw: Buffer,
  encoding: string | undefined,
  from: { readonly dialect: UsageDialect; readonly bytesMax: number },
): PlainAnswer {
  const body = decoded(raw, encoding, from.bytesMax);
  const text = body?.toString('utf8');
  const json = text === undefined ? undefined : parsed(text);
  if (body === undefined || text === undefined || !isObject(json)) {
    const error = new DomainError(
      'upstream_error',
      'The supplier of this model gave an answer that is none.',
    );
    return { kind: 'unreadable', error, metering: undefined };
  }
  const meter = usageMeter(from.dialect);
  meter.body(json);
  const metering = meter.finish();
  const error = errorWithin(json);
  if (error) return { kind: 'error', error, metering };
  return { kind: 'answer', json, body: isAscii(body) ? text : body, metering };
}

/** Asked for or not, some send it compressed. */
function decoded(body: Buffer, encoding: string | undefined, bytesMax: number): Buffer | undefined {
  const options = { maxOutputLength: bytesMax };
  try {
    switch (encoding) {
      case undefined:
      case 'identity':
        return body;
      case 'gzip':
        return gunzipSync(body, options);
      case 'deflate':
        return inflateSync(body, options);
      case 'br':
        return brotliDecompressSync(body, options);
      default:
        return undefined;
    }
  } catch {
    return undefined;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
