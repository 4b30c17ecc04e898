import { planProblems } from '#plans/plan-schema.ts';
import type { Gate } from '#plans/plan-version.ts';
import type { OfferDocument } from './offer-document.schema.ts';
import type { OfferProblem, PlanTerms } from './offer.ts';

/** The plan section of a document as plan terms; what is wrong goes to `problems`. */
export function offeredPlans(
  document: OfferDocument,
  problems: OfferProblem[],
): readonly PlanTerms[] {
  const served = new Set(Object.values(document.models).map((model) => model.class));
  return Object.entries(document.plans).map(([plan, terms]): PlanTerms => {
    const path = ['plans', plan];
    const classes = Object.keys(terms.classes);
    for (const name of classes) {
      if (!served.has(name)) {
        problems.push({
          path: [...path, 'classes', name],
          message: `no model is of class ${name}`,
        });
      }
    }
    const offered: PlanTerms = {
      plan,
      displayName: terms.name ?? plan,
      listed: terms.listed,
      priceNanoUsd: terms.price,
      period: terms.period,
      seatsMax: terms.seats,
      classes: Object.entries(terms.classes).map(([name, weightMilli]) => ({ name, weightMilli })),
      billing: terms.billing,
      tariff: terms.tariff,
      gates: terms.gates.map((gate): Gate => ({
        id: gate.id,
        unit: gate.limit.unit,
        window: gate.window,
        scope: gate.scope,
        classes: gate.classes,
        limit: gate.limit.limit,
        whenFull: gate['when full'],
      })),
      credits: {
        perPeriodNanoUsd: terms.credits,
        rollover:
          terms.rollover === undefined
            ? { kind: 'none' }
            : { kind: 'upTo', maxNanoUsd: terms.rollover },
      },
      overageCapNanoUsd: terms['overage cap'],
      ...(terms['fare cap'] !== undefined && { fareCapNanoUsd: terms['fare cap'] }),
      ...(terms['acquisition budget'] !== undefined && {
        acquisitionBudgetNanoUsd: terms['acquisition budget'],
      }),
      overdraftNanoUsd: terms.overdraft,
      queueClass: terms.queue,
    };
    checkTerms(offered, path, problems);
    checkTariff(offered, document, problems);
    return offered;
  });
}

/** A plan that is charged by own rates has one for every model that it serves. */
function checkTariff(
  { plan, tariff, classes }: PlanTerms,
  { models, rates }: OfferDocument,
  problems: OfferProblem[],
): void {
  if (tariff.kind !== 'rates') return;
  const path = ['plans', plan, 'tariff'];
  const list = Object.hasOwn(rates, tariff.table) ? rates[tariff.table] : undefined;
  if (list === undefined) {
    problems.push({ path, message: `there are no rates ${tariff.table}` });
    return;
  }
  const served = new Set(classes.map(({ name }) => name));
  for (const [name, model] of Object.entries(models)) {
    if (!model.enabled || !served.has(model.class) || Object.hasOwn(list.models, name)) continue;
    problems.push({ path, message: `the rates ${tariff.table} have none for ${name}` });
  }
}

/** What `plans/` finds wrong with the terms, told in the words and places of the document. */
function checkTerms(
  terms: PlanTerms,
  path: readonly PropertyKey[],
  problems: OfferProblem[],
): void {
  for (const { field, message } of planProblems({ ...terms, id: 'new', version: 1 })) {
    const keys = field.split(/[.[\]]+/).filter((key) => key !== '');
    const place = keys.map((key) =>
      /^\d+$/.test(key) ? Number(key) : (DOCUMENT_FIELDS[key] ?? key),
    );
    problems.push({ path: [...path, ...place], message });
  }
}

const DOCUMENT_FIELDS: Readonly<Record<string, string>> = {
  displayName: 'name',
  priceNanoUsd: 'price',
  seatsMax: 'seats',
  whenFull: 'when full',
  overageCapNanoUsd: 'overage cap',
  fareCapNanoUsd: 'fare cap',
  acquisitionBudgetNanoUsd: 'acquisition budget',
  overdraftNanoUsd: 'overdraft',
  queueClass: 'queue',
};
