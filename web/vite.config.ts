import { fileURLToPath } from 'node:url';
import { paraglideVitePlugin } from '@inlang/paraglide-js';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const root = fileURLToPath(new URL('.', import.meta.url));

export default defineConfig(({ mode }) => {
  const server = {
    proxy: { '/api': { target: mode.startsWith('http') ? mode : 'http://127.0.0.1:4100' } },
  };
  return {
    root,
    plugins: [
      react(),
      paraglideVitePlugin({
        project: `${root}project.inlang`,
        outdir: `${root}paraglide`,
        strategy: ['localStorage', 'preferredLanguage', 'baseLocale'],
      }),
    ],
    build: { outDir: 'dist', emptyOutDir: true, target: 'es2023', chunkSizeWarningLimit: 900 },
    worker: { format: 'es' },
    server,
    preview: server,
  };
});
