import argon2 from '@node-rs/argon2'

/** The real functions of argon2, without spies. */
export const real = { ...argon2 }

/** Spies on a function of argon2 during the tests of a file, without changing it. */
export function listenTo<Name extends 'hash' | 'verify'>(name: Name) {
  const spy = jest.spyOn(argon2, name)
  afterAll(() => spy.mockRestore())
  return spy
}
