import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { options, readConfig } from '../src/config.js'

test('what holds when nothing is set', () => {
  expect(readConfig({})).toEqual({
    PORT: 3000,
    HOST: '127.0.0.1',
    DATABASE_URL: undefined,
    APP_KEY: 'connections',
    TOKEN_SECRET: undefined,
    DATA_DIR: './data',
    BASE_URL: undefined,
    TRUST_PROXY: [],
    ALLOW_INSECURE: false,
    REQUESTS_PER_MINUTE: 600,
    REQUIRE_SIGN_IN: false,
    HIDE_EMAIL: false,
    CORS_ORIGINS: [],
    SMTP_URL: undefined,
    MAIL_FROM: undefined,
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

test('secrets of tokens are several, the newest first', () => {
  const [older, newer] = ['a'.repeat(32), 'b'.repeat(32)]
  expect(readConfig({ TOKEN_SECRET: older }).TOKEN_SECRET).toEqual([older])
  expect(readConfig({ TOKEN_SECRET: `${newer}, ${older}` }).TOKEN_SECRET).toEqual([newer, older])
  for (const wrong of ['hunter2', `${newer},`, `${newer},hunter2`]) {
    expect(() => readConfig({ TOKEN_SECRET: wrong })).toThrow(
      'Wrong configuration: TOKEN_SECRET must be one or more secrets of at least 32 characters, with commas between them.',
    )
  }
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

test.each([
  ['post@example.com', { name: '', address: 'post@example.com' }],
  ['<post@example.com>', { name: '', address: 'post@example.com' }],
  ['Grüße <post@bücher.example>', { name: 'Grüße', address: 'post@bücher.example' }],
  ['Colleagues, Inc. <post@example.com>', { name: 'Colleagues, Inc.', address: 'post@example.com' }],
  ['"Colleagues, Inc." <post@example.com>', { name: 'Colleagues, Inc.', address: 'post@example.com' }],
])('the sender %s', (text, mailbox) => {
  expect(readConfig({ MAIL_FROM: text }).MAIL_FROM).toEqual(mailbox)
})

test.each([
  ['post'],
  ['post@example.com, other@example.com'],
  ['post@exa mple.com'],
  ['A <post@example.com> B'],
  ['A <post@example.com>\r\nBcc: all@example.com'],
  ['A\nB <post@example.com>'],
])('no sender: %j', (text) => {
  expect(() => readConfig({ MAIL_FROM: text })).toThrow(
    'MAIL_FROM must be an e-mail address, or a name and then the address in < and >.',
  )
})

test.each([
  ['smtp://mail.example'],
  ['smtp://mail.example:587/'],
  ['smtps://ann%40example.com:p%25ss@mail.example'],
  ['smtp://[::1]:2525'],
])('the mail server %s', (address) => {
  expect(readConfig({ SMTP_URL: address, MAIL_FROM: 'a@b.example' }).SMTP_URL).toBe(address)
})

test.each([
  ['mail.example:25', 'an address that begins with smtp:// or smtps://'],
  ['https://mail.example', 'an address that begins with smtp:// or smtps://'],
  ['smtp://', 'an address that begins with smtp:// or smtps://'],
  ['smtp://mail.example/?debug=true', 'an address without path, query and fragment'],
  ['smtp://hunter2@mail.example', 'an address with both user and password, or neither'],
  ['smtp://ann:100%hunter2@mail.example', 'an address whose user and password have their percent signs written as %25'],
])('no mail server: %s', (address, fault) => {
  expect(() => readConfig({ SMTP_URL: address, MAIL_FROM: 'a@b.example' })).toThrow(
    new Error(`Wrong configuration: SMTP_URL must be ${fault}.`),
  )
})

test('whoever gives a mail server gives a sender too', () => {
  expect(() => readConfig({ SMTP_URL: 'smtp://mail.example' })).toThrow(
    new Error('Wrong configuration: MAIL_FROM must be set where SMTP_URL is.'),
  )
})

test('the README has every setting, with what it means and what holds without it', () => {
  const readme = readFileSync('README.md', 'utf8').replaceAll(/ +/g, ' ')
  for (const [name, { fallback, means }] of Object.entries(options)) {
    const without = fallback === '' ? 'none' : `\`${fallback}\``
    expect(readme).toContain(`| \`${name}\` | ${without} | ${means} |`)
  }
})

test.each([
  ['https://intranet.example', ['https://intranet.example']],
  [' https://intranet.example , http://localhost:8080,', ['https://intranet.example', 'http://localhost:8080']],
])('the origins %s', (text, origins) => {
  expect(readConfig({ CORS_ORIGINS: text }).CORS_ORIGINS).toEqual(origins)
})

test.each(['*', 'null', 'intranet.example', 'https://intranet.example/', 'https://Intranet.example', 'file:///x'])(
  'no origin: %s',
  (text) => {
    expect(() => readConfig({ CORS_ORIGINS: `https://one.example,${text}` })).toThrow(
      'CORS_ORIGINS must be origins with commas between, each as https://intranet.example, without a path',
    )
  },
)
