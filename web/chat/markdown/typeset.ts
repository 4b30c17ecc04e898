/** Draws a formula as MathML, which needs neither fonts nor styles; one that is none stays as it was written. */
export async function typeset(
  node: HTMLElement,
  { formula, isDisplayed }: { readonly formula: string; readonly isDisplayed: boolean },
): Promise<void> {
  try {
    const { default: katex } = await import('katex');
    katex.render(formula, node, {
      displayMode: isDisplayed,
      output: 'mathml',
      throwOnError: true,
      trust: false,
      maxExpand: 200,
      maxSize: 20,
    });
  } catch {
    node.classList.add('math-plain');
  }
}
