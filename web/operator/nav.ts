import { m } from '../paraglide/messages.js';

export interface NavItem {
  /** Below `/operator`; the overview is the console itself. */
  readonly path: string;
  readonly label: () => string;
}

/** The rooms of the console, in the order in which a day's questions come. */
export const NAV: readonly NavItem[] = [
  { path: '', label: m.op_overview },
  { path: '/plans', label: m.op_plans },
  { path: '/lab', label: m.lab_title },
  { path: '/customers', label: m.op_customers },
  { path: '/requests', label: m.op_requests },
  { path: '/models', label: m.op_models },
  { path: '/ledger', label: m.op_ledger },
  { path: '/actions', label: m.op_actions },
  { path: '/settings', label: m.op_settings },
];
