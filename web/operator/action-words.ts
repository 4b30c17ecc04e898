import { m } from '../paraglide/messages.js';

const WORDS: Readonly<Record<string, () => string>> = {
  'POST /demo': m.op_did_demo,
  'DELETE /demo': m.op_did_demo_drop,
  'POST /audit': m.op_did_audit,
  'POST /customers': m.op_did_customer,
  'POST /customers/:customer/credits': m.op_did_credits,
  'POST /customers/:customer/plan': m.op_did_plan,
  'POST /console/customers/:customer/refunds': m.op_did_refund,
  'POST /console/customers/:customer/notes': m.op_did_note,
  'POST /console/settings': m.op_did_settings,
  'POST /console/incidents/:incident/resolve': m.op_did_incident,
  'POST /console/plan-requests/:request': m.op_did_plan_request,
  'POST /invites': m.op_did_invite,
  'DELETE /invites/:invite': m.op_did_invite_back,
  'POST /suppliers/:supplier/key': m.op_did_key,
  'POST /prices/import': m.op_did_prices,
  'POST /offer/apply': m.op_did_offer,
  'POST /lab/results/:result/fixes/:fix/schedule': m.op_did_schedule,
  'POST /lab/results/:result/fixes/:fix/schedule/dry-run': m.op_did_schedule_dry,
  'publish scheduled plan': m.op_did_schedule_publish,
  'DELETE /lab/schedules/:schedule': m.op_did_unschedule,
  'POST /lab/recommend': m.op_did_lab,
  'POST /lab/replay': m.op_did_lab,
  'POST /lab/results/:result/fixes/:fix/replay': m.op_did_lab,
};

/** What was done, for people; the route itself where it has no words. */
export const actionText = (action: string): string => WORDS[action]?.() ?? action;
