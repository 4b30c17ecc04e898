import { expect, test } from 'vitest';
import { AccountState } from './account-state.ts';

function openedHold(state: AccountState, requestId: string) {
  const hold = state.openHold();
  hold.requestId = requestId;
  return hold;
}

test('spare holds go, open ones stay, and the next is blank', () => {
  const state = new AccountState();
  const first = openedHold(state, 'first');
  openedHold(state, 'second').payments.add(2, 100);
  first.nextGate().amount = 7;
  state.closeHold(first);
  expect(openedHold(state, 'in place of the first')).toBe(first);
  state.closeHold(first);
  state.dropSpares();
  expect(state.holds.map(({ requestId }) => requestId)).toEqual(['second']);
  expect(state.findHold('second')?.payments.totalNanoUsd).toBe(100);
  const third = openedHold(state, 'third');
  expect(third).not.toBe(first);
  expect([third.gateCount, third.payments.totalNanoUsd]).toEqual([0, 0]);
  expect(state.clone().holds.map(({ requestId }) => requestId)).toEqual(['second', 'third']);
});
