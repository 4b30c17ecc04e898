import type { Dispatcher } from 'undici';
import { expect, test } from 'vitest';
import { UpstreamCall, type AnswerSink, type UpstreamCallStart } from './upstream-call.ts';

const sink: AnswerSink = {
  data: () => undefined,
  end: () => undefined,
  failed: () => undefined,
};

test('what was read of a head is not kept while its body comes', () => {
  const answers: number[] = [];
  const call = new UpstreamCall({
    onSending: () => undefined,
    onAnswer: (status) => {
      answers.push(status);
      return sink;
    },
  } as Partial<UpstreamCallStart> as UpstreamCallStart);
  const controller = {
    rawHeaders: [Buffer.from('content-type'), Buffer.from('text/event-stream')],
  } as Partial<Dispatcher.DispatchController> as Dispatcher.DispatchController;
  call.onRequestStart(controller);
  call.onResponseStart(controller, 200, { 'content-type': 'text/event-stream' });
  expect(answers).toEqual([200]);
  expect(controller.rawHeaders).toBeNull();
});
