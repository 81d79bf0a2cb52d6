import { availableParallelism } from 'node:os'

export default {
  // Files share the modules and databases of a process, instead of loading them anew.
  runner: ['jest-light-runner', { runtime: 'child_process' }],
  transform: {},
  setupFiles: ['<rootDir>/dist/test/support/end-with-run.js'],
  roots: ['<rootDir>/dist/test'],
  testMatch: ['**/*.test.js'],
  testPathIgnorePatterns: ['/test/system/'],
  // One more for every two, since a test often waits.
  maxWorkers: Math.ceil(availableParallelism() * 1.5),
  globalSetup: '<rootDir>/dist/test/support/embedded-template.js',
  globalTeardown: '<rootDir>/dist/test/support/remove-template.js',
}
