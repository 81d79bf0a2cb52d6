import { sql } from 'kysely'
import { isUnavailable, NoConnection } from '../../src/db/transact.js'
import { Failure } from '../../src/errors.js'
import { type Client, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { addPerson } from '../support/world.js'
import { invite } from '../support/writes.js'

/** Every error that Postgres can raise: 503 if it is about the state of the database, else 500. */

/** Errors by class (Postgres 15, errcodes.txt), without those of success and warnings. */
const classes: Record<string, string> = {
  '03': '000',
  '08': '000 001 003 004 006 007 P01',
  '09': '000',
  '0A': '000',
  '0B': '000',
  '0F': '000 001',
  '0L': '000 P01',
  '0P': '000',
  '0Z': '000 002',
  '20': '000',
  '21': '000',
  '22':
    '000 001 002 003 004 005 007 008 009 00B 00C 00D 00F 00G 00H 00L 00M 00N 00P 00S 00T 010 011 012 013 014 015 016 ' +
    '018 019 01B 01E 01F 01G 01W 01X 021 022 023 024 025 026 027 02E 02G 02H 030 031 032 033 034 035 036 037 038 039 ' +
    '03A 03B 03C 03D 03E 03F 03G P01 P02 P03 P04 P05 P06',
  '23': '000 001 502 503 505 514 P01',
  '24': '000',
  '25': '000 001 002 003 004 005 006 007 008 P01 P02 P03 P04',
  '26': '000',
  '27': '000',
  '28': '000 P01',
  '2B': '000 P01',
  '2D': '000',
  '2F': '000 002 003 004 005',
  '34': '000',
  '38': '000 001 002 003 004',
  '39': '000 001 004 P01 P02 P03',
  '3B': '000 001',
  '3D': '000',
  '3F': '000',
  '40': '000 001 002 003 P01',
  '42':
    '000 501 601 602 611 622 701 702 703 704 710 712 723 725 803 804 809 830 846 883 8C9 939 P01 P02 P03 P04 P05 P06 ' +
    'P07 P08 P09 P10 P11 P12 P13 P14 P15 P16 P17 P18 P19 P20 P21 P22',
  '44': '000',
  '53': '000 100 200 300 400',
  '54': '000 001 011 023',
  '55': '000 006 P02 P03 P04',
  '57': '000 014 P01 P02 P03 P04 P05',
  '58': '000 030 P01 P02',
  '72': '000',
  F0: '000 001',
  HV: '000 001 002 004 005 006 007 008 009 00A 00B 00C 00D 00J 00K 00L 00M 00N 00P 00Q 00R 010 014 021 024 090 091',
  P0: '000 001 002 003 004',
  XX: '000 001 002',
}
const codes = Object.entries(classes).flatMap(([start, ends]) => ends.split(' ').map((end) => start + end))

/** Connection, authorization, rollback, resources, state of an object, operator, system, snapshot, configuration. */
const wholeClasses = ['08', '28', '40', '53', '55', '57', '58', '72', 'F0']
/** A standby, timeouts of a transaction, and a database that is gone. */
const single = ['25006', '25P03', '25P04', '3D000']
const isOfState = (code: string) => wholeClasses.includes(code.slice(0, 2)) || single.includes(code)

let database: TestDatabase
let client: Client
beforeAll(async () => {
  database = await freshDatabase()
  const { db } = database
  client = await startClient(db)
  for (const name of ['ann', 'bo']) await addPerson(db, name)
  await sql`create table fault (code text not null)`.execute(db)
  await sql`
    create function fail() returns boolean language plpgsql as $$
    declare given text;
    begin
      select code into given from fault;
      if found then raise exception 'raised for a test' using errcode = given; end if;
      return true;
    end $$`.execute(db)
  await sql`alter table account rename to account_table`.execute(db)
  await sql`create view account as select xmin, * from account_table where fail()`.execute(db)
})
afterAll(async () => {
  await client.close()
  await sql`delete from fault`.execute(database.db)
  await database.close()
})

const raise = async (code: string) => {
  await sql`delete from fault`.execute(database.db)
  await sql`insert into fault values (${code})`.execute(database.db)
}
const feed = '/atom/connections.do?connectionType=colleague&userid=ann'

test('a database error is 503 with Retry-After if it is about the state of the database, else 500', async () => {
  const seen: [string, number, string | undefined][] = []
  for (const code of codes) {
    await raise(code)
    const { status, headers } = await client.send(feed)
    seen.push([code, status, headers['retry-after']])
  }
  expect(seen).toEqual(codes.map((code) => (isOfState(code) ? [code, 503, '1'] : [code, 500, undefined])))
})

test.each(['08006', '25006', '28000', '40001', '53100', '55000', '55P03', '57P03', '58030'])(
  'with %s, sign-in, writes and pages are 503 too',
  async (code) => {
    await raise(code)
    const requests = [
      client.send(feed, { as: 'ann:colleagues' }),
      invite(client.send, 'ann', 'bo'),
      client.send('/html/profileView.do?userid=ann', { headers: { accept: 'text/html' } }),
      client.send('/html/signIn.do', {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: 'user=ann&password=colleagues',
      }),
    ]
    for (const { status, headers } of await Promise.all(requests)) {
      expect([status, headers['retry-after']]).toEqual([503, '1'])
    }
  },
)

test.each<[string, unknown, boolean]>([
  ['no connection', new NoConnection(new Error('The server does not support SSL connections')), true],
  ['an error of the network', Object.assign(new Error('connect'), { code: 'ENETUNREACH' }), true],
  ['an error of the name service', Object.assign(new Error('getaddrinfo'), { code: 'EAI_AGAIN' }), true],
  ['an error that ends the connection', Object.assign(new Error(), { code: '42501', severity: 'FATAL' }), true],
  ['a broken connection', new Error('Connection terminated unexpectedly'), true],
  ['a refusal by load', new Failure('unavailable', 'too many'), true],
  ['another refusal', new Failure('invalid', 'wrong'), false],
  ['a missing right of the role', Object.assign(new Error(), { code: '42501', severity: 'ERROR' }), false],
  ['a programming error', new TypeError('Cannot read properties of undefined'), false],
  ['a thrown undefined', undefined, false],
  ['a thrown null', null, false],
  ['a thrown text', 'no', false],
])('decides whether %s means unavailable', (_name, error, is) => {
  expect(isUnavailable(error)).toBe(is)
})
