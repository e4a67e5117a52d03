import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globals: true,
    include: ['build/source/*.spec.js'],
    // Node itself loads the application, as it does in production: what vite loads has a `require` in ES modules, too.
    server: { deps: { external: [/\/build\/source\/(?!.*\.spec\.js)/] } },
  },
});
