import { misspelt } from '../src/config-names.js'
import { options, readConfig } from '../src/config.js'

test('settings have defaults', () => {
  expect(readConfig({})).toEqual({
    PORT: 3000,
    HOST: '127.0.0.1',
    DATABASE_URL: undefined,
    APP_KEY: 'connections',
    TOKEN_SECRET: undefined,
    POOLER: 'none',
    EVENT_DAYS: 400,
    DATA_DIR: './data',
    BASE_URL: undefined,
    TRUST_PROXY: [],
    ALLOW_INSECURE: false,
    REQUESTS_PER_MINUTE: 600,
    ANONYMOUS_PER_MINUTE: 600,
    MAX_DELAY_MS: 300,
    REQUIRE_SIGN_IN: false,
    HIDE_EMAIL: false,
    CORS_ORIGINS: [],
    SMTP_URL: undefined,
    MAIL_FROM: undefined,
    FAST: 'on',
    KEEP_MB: 64,
    LOG_POLLS: 'minute',
    LOG_LEVEL: 'info',
    ALLOW_UNKNOWN: [],
  })
})

test('settings replace the defaults', () => {
  const environment = { PORT: '0', BASE_URL: 'https://people.example/', REQUIRE_SIGN_IN: 'true', DATA_DIR: '' }
  expect(readConfig(environment)).toMatchObject({
    PORT: 0,
    BASE_URL: 'https://people.example',
    REQUIRE_SIGN_IN: true,
    DATA_DIR: './data',
  })
})

test('TOKEN_SECRET takes several secrets, the newest first', () => {
  const [older, newer] = ['a'.repeat(32), 'b'.repeat(32)]
  expect(readConfig({ TOKEN_SECRET: older }).TOKEN_SECRET).toEqual([Buffer.from(older)])
  expect(readConfig({ TOKEN_SECRET: `${newer}, ${older}` }).TOKEN_SECRET).toEqual([
    Buffer.from(newer),
    Buffer.from(older),
  ])
  for (const wrong of ['hunter2', `${newer},`, `${newer},hunter2`]) {
    expect(() => readConfig({ TOKEN_SECRET: wrong })).toThrow(
      'Wrong configuration: TOKEN_SECRET must be one or more secrets of at least 32 characters, separated by commas.',
    )
  }
})

test('one error lists all wrong settings on one line, without their values', () => {
  const wrong = {
    PORT: '65536',
    DATABASE_URL: 'mysql://root:hunter2@db/x',
    BASE_URL: 'https://example.com/?q',
    REQUIRE_SIGN_IN: 'yes',
    LOG_LEVEL: 'loud',
  }
  expect(() => readConfig(wrong)).toThrow(
    new Error(
      'Wrong configuration: PORT must be a whole number from 0 to 65535; DATABASE_URL must be a URL that begins ' +
        'with postgres:// or postgresql://; BASE_URL must be a URL without user, query, fragment or &; ' +
        'REQUIRE_SIGN_IN must be one of true, false; LOG_LEVEL must be one of debug, info, warn, error, silent.',
    ),
  )
})

test.each([
  ['REQUIRE_SIGNIN', 'REQUIRE_SIGN_IN'],
  ['require_sign_in', 'REQUIRE_SIGN_IN'],
  ['REQUIRED_SIGN_IN', 'REQUIRE_SIGN_IN'],
  ['HIDE_MAIL', 'HIDE_EMAIL'],
  ['HIDE_EMAILS', 'HIDE_EMAIL'],
  ['ALOW_INSECURED', 'ALLOW_INSECURE'],
  ['DATABASE_URI', 'DATABASE_URL'],
  ['CORS_ORIGIN', 'CORS_ORIGINS'],
  ['LOGLEVEL', 'LOG_LEVEL'],
  ['EMAIL_FROM', 'MAIL_FROM'],
  ['DATADIR', 'DATA_DIR'],
  ['PROT', 'PORT'],
  ['HOST_', 'HOST'],
  ['ALLOW_UNKOWN', 'ALLOW_UNKNOWN'],
])('the misspelt setting %s is refused with the right name', (name, right) => {
  expect(() => readConfig({ [name]: 'true' })).toThrow(
    new Error(
      `Wrong configuration: ${name} is not a setting; did you mean ${right}? (ALLOW_UNKNOWN=${name} permits it).`,
    ),
  )
  expect(readConfig({ [name]: '', ALLOW_UNKNOWN: '' })).toEqual(readConfig({}))
  expect(readConfig({ [name]: 'true', ALLOW_UNKNOWN: `OTHER, ${name}` })).toEqual({
    ...readConfig({}),
    ALLOW_UNKNOWN: ['OTHER', name],
  })
})

test('a misspelt setting is listed with the other errors, and no setting is a misspelling of another', () => {
  expect(() => readConfig({ PORT: 'x', REQUIRE_SIGNIN: 'true', ALLOW_UNKNOWN: 'a b' })).toThrow(
    'Wrong configuration: PORT must be a whole number from 0 to 65535; ALLOW_UNKNOWN must be names of variables, ' +
      'separated by commas; REQUIRE_SIGNIN is not a setting; did you mean REQUIRE_SIGN_IN? (ALLOW_UNKNOWN=REQUIRE_SIGNIN permits it).',
  )
  const names = Object.keys(options)
  expect(names.filter((name) => misspelt({ [name]: 'x' }, names, []).length > 0)).toEqual([])
})

/** Environment variables of other programs and platforms. */
const surroundings = {
  bash: 'BASH BASHOPTS COLUMNS DIRSTACK EUID GROUPS HISTFILE HOME HOSTNAME HOSTTYPE IFS LANG LC_ALL LINES LOGNAME LS_COLORS MACHTYPE MAIL MAILCHECK OLDPWD OSTYPE PATH PPID PS1 PWD SHELL SHLVL TERM UID USER _',
  zsh: 'CPUTYPE EGID GID HOST LOGNAME MACHTYPE VENDOR ZDOTDIR',
  desktop:
    'COLORTERM DBUS_SESSION_BUS_ADDRESS DISPLAY EDITOR LANGUAGE PAGER SSH_AUTH_SOCK SSH_CLIENT SSH_CONNECTION SSH_TTY SUDO_COMMAND SUDO_GID SUDO_UID SUDO_USER TMPDIR TZ VISUAL XDG_CONFIG_DIRS XDG_DATA_DIRS XDG_DATA_HOME XDG_RUNTIME_DIR XDG_SESSION_ID',
  windows:
    'ALLUSERSPROFILE APPDATA COMPUTERNAME ComSpec HOMEDRIVE HOMEPATH LOCALAPPDATA LOGONSERVER OS PATHEXT PROMPT ProgramData ProgramFiles PUBLIC SystemRoot TEMP TMP USERDOMAIN USERNAME USERPROFILE windir',
  systemd:
    'CACHE_DIRECTORY CONFIGURATION_DIRECTORY CREDENTIALS_DIRECTORY INVOCATION_ID JOURNAL_STREAM LISTEN_FDNAMES LISTEN_FDS LISTEN_PID LOGS_DIRECTORY MAINPID MANAGERPID NOTIFY_SOCKET RUNTIME_DIRECTORY STATE_DIRECTORY SYSTEMD_EXEC_PID WATCHDOG_PID WATCHDOG_USEC',
  kubernetes:
    'A_PORT A_SERVICE_HOST A_SERVICE_PORT DB_PORT_5432_TCP DB_PORT_5432_TCP_ADDR DB_PORT_5432_TCP_PORT DB_PORT_5432_TCP_PROTO HOST_IP KUBERNETES_PORT KUBERNETES_PORT_443_TCP_ADDR KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT KUBERNETES_SERVICE_PORT_HTTPS NODE_NAME POD_IP POD_NAME POD_NAMESPACE',
  docker:
    'BUILDKIT_HOST COMPOSE_FILE COMPOSE_PROJECT_NAME DEBIAN_FRONTEND DOCKER_BUILDKIT DOCKER_CERT_PATH DOCKER_HOST DOCKER_TLS_VERIFY NODE_VERSION YARN_VERSION container',
  marathon: 'HOST MARATHON_APP_ID MESOS_SANDBOX MESOS_TASK_ID PORT0 PORT1 PORTS PORT_10000',
  npm: 'INIT_CWD NODE NODE_ENV NODE_OPTIONS npm_command npm_config_cache npm_config_host npm_config_loglevel npm_config_port npm_execpath npm_lifecycle_event npm_package_bin_connections npm_package_json npm_package_name',
  ci: 'BUILD_ID BUILD_NUMBER CI CI_COMMIT_SHA CI_JOB_ID CI_JOB_TOKEN CI_PROJECT_DIR CI_REGISTRY GITHUB_ACTIONS GITHUB_SHA GITHUB_TOKEN GITHUB_WORKSPACE GITLAB_CI JENKINS_URL JOB_NAME RUNNER_OS RUNNER_TEMP TF_BUILD TRAVIS WORKSPACE',
  heroku:
    'DYNO DYNO_RAM HEROKU_APP_NAME HEROKU_POSTGRESQL_AMBER_URL HEROKU_SLUG_COMMIT MEMORY_AVAILABLE STACK WEB_CONCURRENCY WEB_MEMORY',
  postgres:
    'PGAPPNAME PGDATA PGDATABASE PGHOST PGHOSTADDR PGOPTIONS PGPASSFILE PGPASSWORD PGPORT PGSERVICE PGSSLMODE PGUSER POSTGRES_DB POSTGRES_HOST POSTGRES_PASSWORD POSTGRES_PORT POSTGRES_USER DB_HOST DB_NAME DB_PASSWORD DB_PORT DB_USER',
  proxies: 'ALL_PROXY FTP_PROXY HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy',
  'other programs':
    'API_KEY API_URL APP_ENV APP_NAME APP_URL AWS_ACCESS_KEY_ID AWS_REGION AWS_SECRET_ACCESS_KEY JWT_SECRET LOG_FILE LOG_FORMAT MAIL_HOST MAIL_PASSWORD MAIL_PORT REDIS_HOST REDIS_URL SECRET_KEY SENTRY_DSN SESSION_SECRET SMTP_HOST SMTP_PASSWORD SMTP_PORT SMTP_USER',
}

test.each(Object.entries(surroundings))('the variables of %s are not misspelt settings', (_, variables) => {
  const environment = Object.fromEntries(variables.split(' ').map((name) => [name, 'x']))
  expect(misspelt(environment, Object.keys(options), [])).toEqual([])
})

test.each([
  ['post@example.com', { name: '', address: 'post@example.com' }],
  ['<post@example.com>', { name: '', address: 'post@example.com' }],
  ['Grüße <post@bücher.example>', { name: 'Grüße', address: 'post@bücher.example' }],
  ['Colleagues, Inc. <post@example.com>', { name: 'Colleagues, Inc.', address: 'post@example.com' }],
  ['"Colleagues, Inc." <post@example.com>', { name: 'Colleagues, Inc.', address: 'post@example.com' }],
])('MAIL_FROM accepts %s', (text, mailbox) => {
  expect(readConfig({ MAIL_FROM: text }).MAIL_FROM).toEqual(mailbox)
})

test.each([
  ['post'],
  ['post@example.com, other@example.com'],
  ['post@exa mple.com'],
  ['A <post@example.com> B'],
  ['A <post@example.com>\r\nBcc: all@example.com'],
  ['A\nB <post@example.com>'],
])('MAIL_FROM refuses %j', (text) => {
  expect(() => readConfig({ MAIL_FROM: text })).toThrow(
    'MAIL_FROM must be an e-mail address, or a name followed by the address in < and >.',
  )
})

test.each([
  ['smtp://mail.example'],
  ['smtp://mail.example:587/'],
  ['smtps://ann%40example.com:p%25ss@mail.example'],
  ['smtp://[::1]:2525'],
])('SMTP_URL accepts %s', (address) => {
  expect(readConfig({ SMTP_URL: address, MAIL_FROM: 'a@b.example' }).SMTP_URL).toBe(address)
})

test.each([
  ['mail.example:25', 'a URL that begins with smtp:// or smtps://'],
  ['https://mail.example', 'a URL that begins with smtp:// or smtps://'],
  ['smtp://', 'a URL that begins with smtp:// or smtps://'],
  ['smtp://mail.example/?debug=true', 'a URL without path, query and fragment'],
  ['smtp://hunter2@mail.example', 'a URL with both user and password, or neither'],
  ['smtp://ann:100%hunter2@mail.example', 'a URL with valid percent-encoding in user and password'],
])('SMTP_URL refuses %s', (address, fault) => {
  expect(() => readConfig({ SMTP_URL: address, MAIL_FROM: 'a@b.example' })).toThrow(
    new Error(`Wrong configuration: SMTP_URL must be ${fault}.`),
  )
})

test('SMTP_URL requires MAIL_FROM', () => {
  expect(() => readConfig({ SMTP_URL: 'smtp://mail.example' })).toThrow(
    new Error('Wrong configuration: MAIL_FROM must be set if SMTP_URL is set.'),
  )
})

test.each([
  ['https://intranet.example', ['https://intranet.example']],
  [' https://intranet.example , http://localhost:8080,', ['https://intranet.example', 'http://localhost:8080']],
])('CORS_ORIGINS accepts %s', (text, origins) => {
  expect(readConfig({ CORS_ORIGINS: text }).CORS_ORIGINS).toEqual(origins)
})

test.each(['*', 'null', 'intranet.example', 'https://intranet.example/', 'https://Intranet.example', 'file:///x'])(
  'CORS_ORIGINS refuses %s',
  (text) => {
    expect(() => readConfig({ CORS_ORIGINS: `https://one.example,${text}` })).toThrow(
      'CORS_ORIGINS must be origins such as https://intranet.example, without a path, separated by commas',
    )
  },
)
