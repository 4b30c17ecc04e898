import { useEffect, useState } from 'react';
import { m } from '../paraglide/messages.js';
import { Link } from '../ui/Link.tsx';
import { whoIsHere } from './api.ts';

/** The ways out of the chat: what was used, the plans, and for an operator the console. */
export function HouseLinks() {
  const [isOperator, setOperator] = useState(false);
  useEffect(() => {
    void whoIsHere().then(({ operator }) => setOperator(Boolean(operator)));
  }, []);
  return (
    <nav className="house-links" aria-label="Breakeven">
      <Link to="/usage">{m.chat_my_usage()}</Link>
      <Link to="/plans">{m.chat_my_plans()}</Link>
      {isOperator && <Link to="/operator">{m.chat_console()}</Link>}
    </nav>
  );
}
