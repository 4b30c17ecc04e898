import type { ChatSettings } from '#chat/chat-settings.store.ts';
import { m } from '../../paraglide/messages.js';
import { listed } from '../../ui/words.ts';
import { Dialog } from '../Dialog.tsx';
import { money, share } from '../figures.ts';
import { useLimits } from '../limits-context.ts';
import { className, meterTitle, windowText } from '../meter-words.ts';
import type { QuoteRange } from '../quote-range.ts';

/** Asked before a request that may be charged more than the customer's threshold, or takes much of a limit. */
export function QuoteDialog({
  range,
  isMetered,
  settings,
  onAnswer,
}: {
  readonly range: QuoteRange;
  readonly isMetered: boolean;
  readonly settings: ChatSettings;
  readonly onAnswer: (isYes: boolean) => void;
}) {
  return (
    <Dialog
      title={isMetered ? m.chat_quote_title() : m.chat_quote_title_share()}
      onClose={() => onAnswer(false)}
    >
      {isMetered ? (
        <>
          <p className="quote-range tabular">
            {m.chat_quote_range({ min: money(range.minNanoUsd), max: money(range.maxNanoUsd) })}
          </p>
          <p>{m.chat_quote_expected({ expected: money(range.expectedNanoUsd) })}</p>
          <p className="hint">{m.chat_quote_why({ threshold: money(settings.askAboveNanoUsd) })}</p>
        </>
      ) : (
        <Shares range={range} askAbovePerMille={settings.askAbovePerMille} />
      )}
      <div className="row-end">
        <button type="button" className="button" onClick={() => onAnswer(false)}>
          {m.chat_cancel()}
        </button>
        <button
          type="button"
          className="button button-main"
          data-first
          onClick={() => onAnswer(true)}
        >
          {m.chat_quote_yes()}
        </button>
      </div>
    </Dialog>
  );
}

const SHARES_SHOWN = 3;

/** On a plan that includes it: the limits of which it takes most. */
function Shares({
  range,
  askAbovePerMille,
}: {
  readonly range: QuoteRange;
  readonly askAbovePerMille: number;
}) {
  const { limits } = useLimits();
  const taken = range.shares.filter(({ expectedPerMille }) => expectedPerMille > 0);
  const nameOf = ({ gate, classes, window }: QuoteRange['shares'][number]): string => {
    const meter = limits?.meters.find((each) => each.gate === gate);
    if (meter) return meterTitle(meter);
    return [listed(classes.map(className)), windowText(window)].filter(Boolean).join(' · ');
  };
  return (
    <>
      <ul className="quote-shares tabular">
        {taken.slice(0, SHARES_SHOWN).map((part) => (
          <li key={part.gate}>
            <span>{nameOf(part)}</span>
            <span>
              {m.chat_quote_share({
                expected: share(part.expectedPerMille),
                left: share(part.leftPerMille),
              })}
            </span>
          </li>
        ))}
      </ul>
      <p className="hint">{m.chat_quote_why_share({ share: share(askAbovePerMille) })}</p>
    </>
  );
}
