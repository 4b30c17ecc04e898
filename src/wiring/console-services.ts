import type { Services } from '#http/services.ts';
import { consoleCustomer } from './console-account.ts';
import { consoleBooks } from './console-books.ts';
import { consoleMoney } from './console-money.ts';
import { Accrual, type ConsoleParts } from './console-parts.ts';
import { consoleSupply } from './console-supply.ts';
import { meServices, planRequestServices } from './me-services.ts';

/** What the console and the customers' pages read and change. */
export function webServices(
  parts: ConsoleParts,
): Pick<Services, 'console' | 'me' | 'planRequests'> {
  const accrual = new Accrual(parts.books, parts.clock);
  return {
    console: {
      ...consoleMoney(parts, accrual),
      ...consoleCustomer(parts, accrual),
      ...consoleBooks(parts),
      ...consoleSupply(parts),
    },
    me: meServices(parts),
    planRequests: planRequestServices(parts),
  };
}
