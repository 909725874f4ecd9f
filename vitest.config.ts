import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'packages/*/test/**/*.test.ts',
            'scripts/test/**/*.test.mjs',
            'examples/*/test/**/*.test.mjs',
          ],
          setupFiles: ['packages/lifetime/test/no-leaks.setup.ts'],
          // A loaded machine is slow, not broken: a bound here only ends what hangs.
          testTimeout: 30_000,
          hookTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/**/*.test.ts'],
          exclude: ['e2e/everywhere/**'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // Browsers one at a time, and after the unit tests: two cores are enough.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Every place that the library claims to run in: `npm run everywhere`, not part of `npm test`.
        test: {
          name: 'everywhere',
          include: ['e2e/everywhere/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
