import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { options, readConfig } from '../src/config.js'

test('what holds when nothing is set', () => {
  expect(readConfig({})).toEqual({
    PORT: 3000,
    HOST: '127.0.0.1',
    DATABASE_URL: undefined,
    DATA_DIR: './data',
    BASE_URL: undefined,
    REQUIRE_SIGN_IN: false,
    LOG_LEVEL: 'info',
  })
})

test('what is set is read', () => {
  const environment = { PORT: '0', BASE_URL: 'https://people.example/', REQUIRE_SIGN_IN: 'true', DATA_DIR: '' }
  expect(readConfig(environment)).toMatchObject({
    PORT: 0,
    BASE_URL: 'https://people.example',
    REQUIRE_SIGN_IN: true,
    DATA_DIR: './data',
  })
})

test('all faults are told at once, in one line, without the values', () => {
  const wrong = {
    PORT: '65536',
    DATABASE_URL: 'mysql://root:hunter2@db/x',
    BASE_URL: 'https://example.com/?q',
    REQUIRE_SIGN_IN: 'yes',
    LOG_LEVEL: 'loud',
  }
  expect(() => readConfig(wrong)).toThrow(
    new Error(
      'Wrong configuration: PORT must be a whole number from 0 to 65535; DATABASE_URL must be an address that begins ' +
        'with postgres:// or postgresql://; BASE_URL must be an address without user, query, fragment or &; ' +
        'REQUIRE_SIGN_IN must be one of true, false; LOG_LEVEL must be one of debug, info, warn, error, silent.',
    ),
  )
})

test('the README has every setting, with what it means and what holds without it', () => {
  const readme = readFileSync('README.md', 'utf8').replaceAll(/ +/g, ' ')
  for (const [name, { fallback, means }] of Object.entries(options)) {
    const without = fallback === '' ? 'none' : `\`${fallback}\``
    expect(readme).toContain(`| \`${name}\` | ${without} | ${means} |`)
  }
})
