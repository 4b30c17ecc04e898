import type { LabResultHead, Recommendation } from '../../../src/lab/lab.schema.ts';
import { m } from '../../paraglide/messages.js';
import { count, moment, percent, usd } from '../../ui/figures.ts';
import { Link } from '../../ui/Link.tsx';
import { useRemote } from '../../ui/remote.ts';
import { useView } from '../view.ts';
import { ASSUMPTIONS, assumedText } from './assumption-list.ts';
import { changeLine } from './change-words.ts';

/** What is other than in the result before it, of the same plan: what was changed, and what that did. */
export function Difference({
  result,
  heads,
}: {
  readonly result: Recommendation;
  readonly heads: readonly LabResultHead[];
}) {
  const view = useView();
  const earlier = heads.find(
    ({ id, plan, book, createdAtMs }) =>
      id !== result.id &&
      plan === result.plan &&
      book === result.book &&
      createdAtMs < result.createdAtMs,
  );
  const { data: before } = useRemote<Recommendation>(earlier && `/lab/results/${earlier.id}`);
  if (!earlier || before?.kind !== 'recommendation' || before.id !== earlier.id) return null;
  const changed = changesOf(before, result);
  if (changed.length === 0) return null;
  const [was, now] = [before.fixes[0], result.fixes[0]];
  return (
    <aside className="lab-difference">
      <p>
        {m.lab_since()}
        {m.ui_gap()}
        <Link className="text-link" to={view.at(`/lab/${before.id}`)}>
          {moment(before.createdAtMs)}
        </Link>
        {m.lab_words_colon()}
        {changed.join(m.lab_words_comma())}
      </p>
      {was && now && (
        <dl>
          <div>
            <dt>{m.lab_change()}</dt>
            <dd>
              {changeLine(before.terms, was.terms ?? before.terms)} →{' '}
              {changeLine(result.terms, now.terms ?? result.terms)}
            </dd>
          </div>
          <Moved name={m.lab_margin()} before={usd(was.margin)} after={usd(now.margin)} />
          <Moved
            name={m.lab_harmed()}
            before={`${count(was.harmed)} (${percent(was.harmedShare)})`}
            after={`${count(now.harmed)} (${percent(now.harmedShare)})`}
          />
          <Moved
            name={m.lab_leave()}
            before={count(was.leave + was.move)}
            after={count(now.leave + now.move)}
          />
        </dl>
      )}
    </aside>
  );
}

function Moved({
  name,
  before,
  after,
}: {
  readonly name: string;
  readonly before: string;
  readonly after: string;
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="tabular">{before === after ? after : `${before} → ${after}`}</dd>
    </div>
  );
}

function changesOf(before: Recommendation, after: Recommendation): readonly string[] {
  const changed = (label: string, from: string, to: string): string[] =>
    from === to ? [] : [`${label} ${from} → ${to}`];
  return [
    ...changed(
      m.lab_target(),
      percent(before.bounds.targetMargin),
      percent(after.bounds.targetMargin),
    ),
    ...changed(m.lab_harm(), percent(before.bounds.harmMax), percent(after.bounds.harmMax)),
    ...changed(m.lab_bill(), String(before.bounds.billMax), String(after.bounds.billMax)),
    ...(before.behaviour.reacts === after.behaviour.reacts
      ? []
      : [after.behaviour.reacts ? m.lab_reacts() : m.lab_as_nobody_reacts()]),
    ...ASSUMPTIONS.flatMap((each) =>
      changed(
        each.label(),
        assumedText(each, before.behaviour[each.name]),
        assumedText(each, after.behaviour[each.name]),
      ),
    ),
  ];
}
