import { describe, expect, it } from 'vitest';
import { modelTitle, publicModel } from './public-model.ts';
import { testCatalog, testModel, testRoute } from './testing-catalog.ts';

const catalog = testCatalog({
  models: [
    testModel('deep', { aliases: ['deep-latest'], displayName: 'Deep Water' }),
    testModel('quick', { className: 'fast' }),
    testModel('quicker', { className: 'fast' }),
  ],
  routes: [
    testRoute('deep', 'acme', { upstreamModel: 'vendor-deep-2026-01' }),
    testRoute('quick', 'acme', { upstreamModel: 'vendor-quick' }),
    testRoute('quicker', 'acme', { upstreamModel: 'vendor-quicker' }),
  ],
});
const asked = {
  modelAsked: 'deep-latest',
  classAsked: 'standard',
  classServed: 'standard',
  supplier: 'acme',
  upstreamModel: 'vendor-deep-2026-01',
};

describe('the model that answered, by the name that its customer knows', () => {
  it.each([
    ['the asked one, by its own name', {}, 'deep'],
    ['the asked one, where the catalogue has it no more', { modelAsked: 'gone' }, 'gone'],
    [
      'of the class that it was sent to, by the route',
      { classServed: 'fast', upstreamModel: 'vendor-quicker' },
      'quicker',
    ],
    [
      'of that class, where the supplier named a version of it',
      { classServed: 'fast', upstreamModel: 'vendor-quick-2026-02' },
      'quick',
    ],
    ['its class, where nothing is left of it', { classServed: 'fast', supplier: 'other' }, 'fast'],
  ])('%s', (_, rest, name) => {
    expect(publicModel(catalog, { ...asked, ...rest })).toBe(name);
  });

  it('is called as people call it', () => {
    expect(modelTitle(catalog, 'deep')).toBe('Deep Water');
    expect(modelTitle(catalog, 'fast')).toBe('fast');
  });
});
