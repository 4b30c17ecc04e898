import type { Services } from '#http/services.ts';
import type { CALIBRATIONS } from '#traffic/calibration.ts';
import { type DemoDeps, dropDemo, loadDemo } from '#traffic/demo.ts';
import { DomainError } from '#base/domain-error.ts';

/** The demo, one at a time. @param onChange called when its book is another one */
export function demoServices(deps: DemoDeps, onChange: () => void): Services['demo'] {
  let isBusy = false;
  const alone = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isBusy) throw new DomainError('conflict', 'The demo is being loaded or dropped right now.');
    isBusy = true;
    try {
      return await work();
    } finally {
      isBusy = false;
      onChange();
    }
  };
  return {
    load: ({ calibration, ...input }, progress) =>
      alone(() =>
        loadDemo(
          deps,
          { ...input, calibration: calibration as keyof typeof CALIBRATIONS },
          (step) => progress({ ...step }),
        ),
      ),
    drop: () => alone(() => dropDemo(deps.pool)),
  };
}
