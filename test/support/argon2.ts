import argon2 from '@node-rs/argon2'

/** The real functions of argon2, whatever listens to them. */
export const real = { ...argon2 }

/** Listens to a function of argon2 while the tests of a file run; it does what it does. */
export function listenTo<Name extends 'hash' | 'verify'>(name: Name) {
  const spy = jest.spyOn(argon2, name)
  afterAll(() => spy.mockRestore())
  return spy
}
