import { DomainError } from '#base/domain-error.ts';

/** What a row of usage from elsewhere is made of; the first three and `input`, `output` must be there. */
export const IMPORT_FIELDS = [
  'time',
  'customer',
  'model',
  'input',
  'cached',
  'cache_write',
  'output',
  'reasoning',
  'tier',
  'cost',
  'plan',
] as const;
export type ImportField = (typeof IMPORT_FIELDS)[number];

const REQUIRED: readonly ImportField[] = ['time', 'customer', 'model', 'input', 'output'];

/** Units that are counted beside the input or output that they belong to, instead of inside it. */
export const SEPARABLE = ['cached', 'cache_write', 'reasoning'] as const;
export type Separable = (typeof SEPARABLE)[number];

/** Which column holds which field. */
export type ImportMapping = Readonly<Partial<Record<ImportField, string>>>;

/** Usual names, the most telling first; compared without case, blanks, dashes, dots and underscores. */
const USUAL_NAMES: Readonly<Record<ImportField, readonly string[]>> = {
  time: [
    'time',
    'timestamp',
    'created_at',
    'start_time',
    'started_at',
    'request_time',
    'requested_at',
    'event_time',
    'date_time',
    'created',
    'date',
    'ts',
  ],
  customer: [
    'customer',
    'customer_id',
    'user_id',
    'user',
    'end_user',
    'account_id',
    'account',
    'client_id',
    'client',
    'team_id',
    'api_key',
  ],
  model: ['model', 'model_name', 'model_id', 'response_model', 'gen_ai_request_model'],
  input: [
    'input',
    'input_tokens',
    'prompt_tokens',
    'tokens_in',
    'context_tokens',
    'gen_ai_usage_input_tokens',
    'n_context_tokens_total',
  ],
  cached: [
    'cached',
    'cached_tokens',
    'input_cached_tokens',
    'cached_input_tokens',
    'cache_read_input_tokens',
    'cache_read_tokens',
    'prompt_cache_hit_tokens',
    'gen_ai_usage_cache_read_input_tokens',
  ],
  cache_write: [
    'cache_write',
    'cache_write_tokens',
    'cache_creation_input_tokens',
    'cache_creation_tokens',
    'gen_ai_usage_cache_creation_input_tokens',
  ],
  output: [
    'output',
    'output_tokens',
    'completion_tokens',
    'tokens_out',
    'generated_tokens',
    'gen_ai_usage_output_tokens',
    'n_generated_tokens_total',
  ],
  reasoning: [
    'reasoning',
    'reasoning_tokens',
    'output_reasoning_tokens',
    'thinking_tokens',
    'thoughts_token_count',
    'gen_ai_usage_reasoning_output_tokens',
  ],
  tier: ['tier', 'service_tier'],
  cost: ['cost', 'cost_usd', 'spend', 'total_cost', 'price_usd'],
  plan: ['plan', 'plan_name', 'subscription_plan'],
};

const plain = (name: string): string => name.toLowerCase().replaceAll(/[\s_.-]/g, '');

/**
 * Which column is which field: as told, and by its usual name where nothing was told.
 * @param told field to column; a column named `-` leaves a field out
 * @throws DomainError `invalid_request` on a field or column that is not there, or a field that is missing
 */
export function mappingOf(
  columns: readonly string[],
  told: Readonly<Record<string, string>>,
): ImportMapping {
  const mapping: Partial<Record<ImportField, string>> = {};
  for (const [name, column] of Object.entries(told)) {
    const field = IMPORT_FIELDS.find((known) => known === name);
    if (field === undefined)
      throw invalid(`There is no field ${name}; fields are ${IMPORT_FIELDS.join(', ')}.`);
    if (column !== '-' && !columns.includes(column))
      throw invalid(
        `There is no column ${column} for the field ${field}; the file has ${columns.join(', ')}.`,
      );
    mapping[field] = column;
  }
  const taken = new Set(Object.values(mapping));
  for (const field of IMPORT_FIELDS) {
    if (mapping[field] !== undefined) continue;
    for (const usual of USUAL_NAMES[field]) {
      const column = columns.find((each) => plain(each) === plain(usual) && !taken.has(each));
      if (column === undefined) continue;
      mapping[field] = column;
      taken.add(column);
      break;
    }
  }
  for (const field of IMPORT_FIELDS) if (mapping[field] === '-') delete mapping[field];
  const missing = REQUIRED.filter((field) => mapping[field] === undefined);
  if (missing.length > 0)
    throw invalid(
      `No column for ${missing.join(', ')} was found among ${columns.map((column) => JSON.stringify(column)).join(', ')}. Name it: --map ${missing.map((field) => `${field}=COLUMN`).join(',')}`,
    );
  return mapping;
}

function invalid(message: string): DomainError {
  return new DomainError('invalid_request', message, { field: 'map' });
}

/** What the rows cannot say without a column for it. */
export function missingText(mapping: ImportMapping): readonly string[] {
  const effects: Partial<Record<ImportField, string>> = {
    cached: 'no column for cached input: every input token is priced in full',
    reasoning: 'no column for reasoning: all output counts as visible text',
    cost: 'no cost column: every request is priced by the price book',
  };
  return Object.entries(effects).flatMap(([field, text]) =>
    mapping[field as ImportField] === undefined ? [text] : [],
  );
}
