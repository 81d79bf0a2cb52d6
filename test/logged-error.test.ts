import { expect, test } from '@jest/globals'
import { loggedError } from '../src/logged-error.js'

test('an error is logged by its words and its cause, without the values that it came of', () => {
  const cause = Object.assign(new Error('duplicate key'), { code: '23505', detail: 'Key (email)=(ann@example.com)' })
  const error = new TypeError('cannot be done', { cause })
  expect(loggedError(Object.assign(error, { params: ['a message'], query: 'insert' }))).toEqual({
    type: 'TypeError',
    message: 'cannot be done',
    stack: error.stack,
    cause: { type: 'Error', message: 'duplicate key', code: '23505', stack: cause.stack },
  })
  expect(loggedError('a word')).toBe('a word')
})
