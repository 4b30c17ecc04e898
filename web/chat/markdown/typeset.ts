/** Draws the formulas in a piece of the page, as MathML, which needs neither fonts nor styles. */
export async function typeset(root: HTMLElement): Promise<void> {
  const formulas = root.querySelectorAll<HTMLElement>('.math:not([data-drawn])');
  if (formulas.length === 0) return;
  const { default: katex } = await import('katex');
  for (const node of formulas) {
    node.dataset['drawn'] = 'true';
    try {
      katex.render(node.dataset['formula'] ?? '', node, {
        displayMode: node.dataset['display'] === 'true',
        output: 'mathml',
        throwOnError: true,
        trust: false,
        maxExpand: 200,
        maxSize: 20,
      });
    } catch {
      // A formula that is none is shown as it was written.
      node.classList.add('math-plain');
    }
  }
}
