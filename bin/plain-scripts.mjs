import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Scripts without their types, kept by what they hold. Node takes the types off whenever it loads a
 * script, with a compiler that stays in memory for as long as the process lives: some 25 MB that a
 * service has no use for after its first second (docs/bench.md).
 */
const SCRIPTS = fileURLToPath(new URL('../src/', import.meta.url));
const KEPT = fileURLToPath(new URL('../node_modules/.cache/breakeven/', import.meta.url));

/** Takes the types off every script that is new, and forgets those that are gone. */
export function keepPlainScripts() {
  mkdirSync(KEPT, { recursive: true });
  const gone = new Set(readdirSync(KEPT));
  for (const path of readdirSync(SCRIPTS, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.ts') || path.endsWith('.test.ts')) continue;
    const script = readFileSync(join(SCRIPTS, path));
    const name = nameOf(script);
    if (gone.delete(name)) continue;
    // Under another name until it is whole: another process may start just now.
    const unfinished = join(KEPT, `${name}.${process.pid}`);
    writeFileSync(unfinished, stripTypeScriptTypes(script.toString(), { mode: 'strip' }));
    renameSync(unfinished, join(KEPT, name));
  }
  for (const name of gone) rmSync(join(KEPT, name), { force: true });
}

/** Loads scripts as {@link keepPlainScripts} left them; what it has not left, Node loads as ever. */
export function loadPlainScripts() {
  registerHooks({
    load(url, context, nextLoad) {
      if (!url.startsWith('file:') || !url.endsWith('.ts')) return nextLoad(url, context);
      try {
        const name = nameOf(readFileSync(fileURLToPath(url)));
        const source = readFileSync(join(KEPT, name), 'utf8');
        return { format: 'module', source, shortCircuit: true };
      } catch {
        return nextLoad(url, context);
      }
    },
  });
}

function nameOf(script) {
  return `${createHash('sha256').update(script).digest('hex')}.js`;
}
