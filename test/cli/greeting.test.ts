import { greeting, isOwnMachine } from '../../src/cli/serve.js'
import { readConfig } from '../../src/config.js'

const hints = (environment: Record<string, string>) =>
  greeting(readConfig(environment), 'http://host:3000', undefined)
    .split('\n')
    .slice(4, -1)
    .map((line) => line.split(/:? {2,}|;/)[1])

const [listens, base, tls, open] = [
  'at http://host:3000',
  'begin with http://host:3000',
  'nobody signs in from elsewhere without',
  'ALLOW_INSECURE takes passwords without, which others can read on their way',
]

test.each([
  [{}, []],
  [{ BASE_URL: 'http://localhost:8000' }, [listens]],
  [{ BASE_URL: 'http://host:3000', TRUST_PROXY: '127.0.0.1' }, []],
  [{ ALLOW_INSECURE: 'true' }, []],
  [{ HOST: '0.0.0.0' }, [base, tls]],
  [{ HOST: '0.0.0.0', ALLOW_INSECURE: 'true' }, [base, open]],
  [{ BASE_URL: 'https://connections.example' }, [listens, tls]],
  [{ BASE_URL: 'https://connections.example', TRUST_PROXY: '127.0.0.1' }, [listens]],
  [{ TRUST_PROXY: '127.0.0.1' }, [base]],
])('a public server is reminded of settings: %j', (environment, expected) => {
  expect(hints(environment)).toEqual(expected)
})

test.each<[Record<string, string>, boolean]>([
  [{}, true],
  [{ HOST: '::1' }, true],
  [{ BASE_URL: 'http://localhost:3000' }, true],
  [{ HOST: '0.0.0.0' }, false],
  [{ BASE_URL: 'https://connections.example' }, false],
  [{ TRUST_PROXY: '127.0.0.1' }, false],
])('%j: the example password works: %j', (settings, isOwn) => {
  expect(isOwnMachine(readConfig(settings))).toBe(isOwn)
})
