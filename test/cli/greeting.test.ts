import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import { promisify } from 'node:util'
import { commandIn, greeting, isOwnMachine } from '../../src/cli/serve.js'
import { readConfig } from '../../src/config.js'

const hints = (environment: Record<string, string>) =>
  greeting(readConfig(environment), 'http://host:3000', undefined)
    .split('\n')
    .slice(4, -1)
    .map((line) => line.split(/:? {2,}|;/)[1])

const [listens, base, tls, open] = [
  'at http://host:3000',
  'begin with http://host:3000',
  'required for sign-in from other machines',
  'ALLOW_INSECURE accepts passwords without TLS',
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
])('the greeting names settings that a server for other machines may lack: %j', (environment, expected) => {
  expect(hints(environment)).toEqual(expected)
})

test.each<[Record<string, string>, boolean]>([
  [{}, true],
  [{ HOST: '::1' }, true],
  [{ BASE_URL: 'http://localhost:3000' }, true],
  [{ HOST: '0.0.0.0' }, false],
  [{ BASE_URL: 'https://connections.example' }, false],
  [{ TRUST_PROXY: '127.0.0.1' }, false],
])('with %j the example password works: %j', (settings, isOwn) => {
  expect(isOwnMachine(readConfig(settings))).toBe(isOwn)
})

test('the greeting names npx in the folder of the package alone', () => {
  expect(commandIn(process.cwd())).toBe('npx connections')
  expect(commandIn(tmpdir())).not.toContain('npx')
})

test('the command of the greeting works in another folder', async () => {
  const { stdout } = await promisify(execFile)('sh', ['-c', `${commandIn(tmpdir())} --version`], { cwd: tmpdir() })
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
})
