import type { Book } from '#base/book.ts';
import type { DatabaseAddress } from '#db/database-address.ts';
import type { LakeBook } from '#lake/import/import-book.ts';
import type { ImportRequest as ImportWork, ImportResult } from '#lake/import/import-use.ts';
import type { SealResult } from '#lake/seal-book.ts';
import type { Behaviour } from './behaviour.ts';
import type { PlanTerms } from '#offer/offer.ts';
import type { Recommendation, ReplayResult, Trial } from './lab.schema.ts';

/** Where a lab works. */
export interface LabPlace {
  readonly address: DatabaseAddress;
  readonly dataDir: string;
  readonly threads: number;
}

export interface SealRequest {
  readonly kind: 'seal';
  readonly book: Book;
}

interface Common {
  /** Absent: the live book where anything happened in it, else the demo. */
  readonly book?: LakeBook;
  readonly behaviour?: Partial<Behaviour>;
  readonly seed: number;
  /** UTC day; what was before is replayed and not counted. */
  readonly fromDay?: string;
}

export interface ReplayRequest extends Common {
  readonly kind: 'replay';
  /** A breakeven.yaml; absent = the plan in force. */
  readonly document?: string;
}

export interface RecommendRequest extends Common {
  readonly kind: 'recommend';
  /** Absent: the paid plan that loses most. */
  readonly plan?: string;
  readonly targetMargin: number;
  readonly harmMax: number;
  readonly billMax: number;
}

/** Usage from elsewhere, into a book of the lake. */
export interface ImportRequest extends ImportWork {
  readonly kind: 'import';
}

/** One change of a plan, on everybody who is on it. */
export interface TrialRequest extends Common {
  readonly kind: 'trial';
  readonly terms: PlanTerms;
  /** In words, one a change. */
  readonly changes: readonly string[];
  /** Its number among the fixes of a recommendation; 0 = of none. */
  readonly rank: number;
  readonly targetMargin: number;
  readonly harmMax: number;
  readonly billMax: number;
  /** Whether everybody's bill is in the answer. */
  readonly bills: boolean;
}

export type LabRequest =
  | SealRequest
  | ImportRequest
  | ReplayRequest
  | RecommendRequest
  | TrialRequest;
export type LabAnswer = SealResult | ImportResult | ReplayResult | Recommendation | Trial;

/** A step of long work. */
export interface LabProgress {
  readonly text: string;
  readonly done: number;
  readonly of: number;
  /** How long the step still takes, where that can be told. */
  readonly secondsLeft?: number;
}

/** What passes to the lab's process. */
export type ToLab =
  | { readonly kind: 'open'; readonly place: LabPlace }
  | { readonly kind: 'run'; readonly run: number; readonly request: LabRequest }
  | { readonly kind: 'cancel'; readonly run: number };

/** What comes back. */
export type FromLab =
  | { readonly kind: 'progress'; readonly run: number; readonly progress: LabProgress }
  | { readonly kind: 'done'; readonly run: number; readonly answer: LabAnswer }
  | {
      readonly kind: 'failed';
      readonly run: number;
      /** Absent where it is a fault of ours. */
      readonly code?: string;
      readonly message: string;
      readonly field?: string;
    };
