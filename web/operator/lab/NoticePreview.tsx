import { useState } from 'react';
import type { ScheduleAnswer } from '../../../src/http/shapes/notices.ts';
import { PlanNotice } from '../../account/PlanNotices.tsx';
import { m } from '../../paraglide/messages.js';
import { count, usd } from '../../ui/figures.ts';

/** What the subscribers are told: how many of what, and one of them to the letter. */
export function NoticePreview({ answer }: { readonly answer: ScheduleAnswer }) {
  const { schedule, notices } = answer;
  const [chosen, choose] = useState<string>();
  if (schedule.moves === 'new') return <p className="soft">{m.lab_moves_new_note()}</p>;
  if (notices.length === 0) return <p className="soft">{m.lab_notice_nobody()}</p>;
  const shown = notices.find(({ customerId }) => customerId === chosen) ?? notices[0];
  return (
    <div className="lab-notices">
      <p>
        {m.lab_notice_counts({
          subscribers: count(schedule.subscribers),
          dearer: count(schedule.dearer),
          cheaper: count(schedule.cheaper),
          limited: count(schedule.limited),
        })}
      </p>
      <label className="lab-notice-of">
        {m.lab_notice_as()}
        <select
          className="input"
          value={shown?.customerId}
          onChange={(event) => choose(event.target.value)}
        >
          {notices.map(({ customerId, name, notice: { bill } }) => (
            <option key={customerId} value={customerId}>
              {bill ? `${name}: ${usd(bill.beforeNanoUsd)} → ${usd(bill.afterNanoUsd)}` : name}
            </option>
          ))}
        </select>
      </label>
      {shown && <PlanNotice notice={shown.notice} />}
    </div>
  );
}
