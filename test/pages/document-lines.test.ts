import { expect, test } from 'vitest';
import { changedLines } from '../../web/operator/lab/document-lines.ts';

const signs = { same: ' ', gone: '-', new: '+' } as const;
const shown = (from: readonly string[], to: readonly string[]): readonly string[] =>
  changedLines(from.join('\n'), to.join('\n')).map((line) =>
    line === undefined ? '…' : `${signs[line.kind]}${line.text}`,
  );

test('shows what is other, with three lines around it', () => {
  const from = ['a', 'b', 'c', 'd', 'price: $200', 'e', 'f', 'g', 'h'];
  const to = ['a', 'b', 'c', 'd', 'price: $250', 'limit', 'e', 'f', 'g', 'h'];
  expect(shown(from, to)).toEqual([
    ' b',
    ' c',
    ' d',
    '-price: $200',
    '+price: $250',
    '+limit',
    ' e',
    ' f',
    ' g',
  ]);
});

test('leaves out what lies between two changes, and shows nothing of equal documents', () => {
  const middle = ['1', '2', '3', '4', '5', '6', '7', '8', '9'];
  expect(shown(['x', ...middle, 'y'], ['X', ...middle, 'Y'])).toEqual([
    '-x',
    '+X',
    ' 1',
    ' 2',
    ' 3',
    '…',
    ' 7',
    ' 8',
    ' 9',
    '-y',
    '+Y',
  ]);
  expect(shown(middle, middle)).toEqual([]);
  expect(shown(["limit: '$1 of cost'"], ['limit: $1 of cost'])).toEqual([]);
  expect(shown(middle, [])).toHaveLength(middle.length + 1);
});
