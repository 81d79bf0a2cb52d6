import { availableParallelism } from 'node:os'

export default {
  // Files share the modules and databases of a thread, instead of loading them anew. As processes, some workers never began.
  runner: 'jest-light-runner',
  transform: {},
  roots: ['<rootDir>/dist/test'],
  testMatch: ['**/*.test.js'],
  testPathIgnorePatterns: ['/test/system/'],
  // One more for every two, since a test often waits.
  maxWorkers: Math.ceil(availableParallelism() * 1.5),
  globalSetup: '<rootDir>/dist/test/support/embedded-template.js',
  globalTeardown: '<rootDir>/dist/test/support/remove-template.js',
}
