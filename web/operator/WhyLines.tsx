import { m } from '../paraglide/messages.js';

const NAMES: Readonly<Record<string, () => string>> = {
  request: m.op_why_request,
  when: m.op_why_when,
  plan: m.op_why_plan,
  asked: m.op_why_asked,
  quotes: m.op_why_quotes,
  verdict: m.op_why_verdict,
  held: m.op_why_held,
  used: m.op_why_used,
  paid: m.op_why_paid,
  incidents: m.op_why_incidents,
};

/** What the books say of a decision, a line for each thing; the words after its name are the server's own. */
export function WhyLines({ text }: { readonly text: string }) {
  return (
    <dl className="why-lines">
      {text.split('\n').map((line) => {
        const [, name = '', said = ''] = /^(\S+)\s+(.*)$/.exec(line) ?? [line];
        return (
          <div key={line} className="why-line">
            <dt>{NAMES[name]?.() ?? name}</dt>
            <dd lang="en">{said}</dd>
          </div>
        );
      })}
    </dl>
  );
}
