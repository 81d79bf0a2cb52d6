import fc from 'fast-check'
import { pino } from 'pino'
import { readConfig } from '../../src/config.js'
import { showBetween } from '../../src/connections/find.js'
import { invite } from '../../src/connections/invite.js'
import { openList } from '../../src/connections/list.js'
import { statuses } from '../../src/connections/model.js'
import { remove } from '../../src/connections/remove.js'
import { updateMessage } from '../../src/connections/update-message.js'
import { Failure } from '../../src/errors.js'
import type { Account } from '../../src/people/account.js'
import { findAccount } from '../../src/people/store.js'
import { accept } from '../../src/sharing/accept-invitation.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { newestFirst } from '../support/people.js'
import { addPerson } from '../support/world.js'

/**
 * After random steps of several people in any order, each step has the outcome predicted by a model in memory, and all
 * lists equal the model's.
 */

let database: TestDatabase
beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.close())

const crowd = 4
const person = fc.nat({ max: crowd - 1 })
const message = fc.string({ unit: 'grapheme', maxLength: 12 })
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ verb: fc.constant('invite' as const), who: person, whom: person, message }) },
  {
    weight: 3,
    arbitrary: fc.record({
      verb: fc.constant('rewrite' as const),
      who: person,
      one: person,
      other: person,
      status: fc.constantFrom(...statuses),
      message,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ verb: fc.constant('remove' as const), who: person, one: person, other: person }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

interface Edge {
  inviter: number
  invited: number
  isAccepted: boolean
  changedBy: number
  message: string
  /** Increases with each change; the order of lists. */
  moment: number
}

const between = (edges: readonly Edge[], one: number, other: number) =>
  edges.find(({ inviter, invited }) => (inviter === one && invited === other) || (inviter === other && invited === one))

/** The graph after a step, or the code of its refusal. */
function predicted(edges: readonly Edge[], step: Step, moment: number): readonly Edge[] | Failure['code'] {
  if (step.verb === 'invite') {
    const { who: inviter, whom: invited, message } = step
    if (inviter === invited) return 'invalid'
    if (between(edges, inviter, invited)) return 'connectionExists'
    return [...edges, { inviter, invited, isAccepted: false, changedBy: inviter, message, moment }]
  }
  const edge = between(edges, step.one, step.other)
  if (!edge) return 'notFound'
  const others = edges.filter((each) => each !== edge)
  if (step.who !== edge.inviter && step.who !== edge.invited) return 'forbidden'
  if (step.verb === 'remove') return others
  const { who, status, message } = step
  if (status === 'unconfirmed' || (edge.isAccepted && status === 'pending')) return 'invalid'
  if (status === 'accepted' && !edge.isAccepted && who === edge.inviter) return 'forbidden'
  const isAccepted = status === 'accepted'
  if (isAccepted === edge.isAccepted && message === edge.message) return edges
  return [...others, { ...edge, isAccepted, changedBy: who, message, moment }]
}

const missing = '01900000-0000-7000-8000-000000000001'

/** Performs a step. Returns the code of a refusal. */
async function taken(people: readonly Account[], step: Step): Promise<Failure['code'] | undefined> {
  const world = { db: database.db, config: readConfig({}) }
  const at = (index: number) => people[index] as Account
  const named = (index: number) => ({ by: 'userId', value: at(index).userId }) as const
  try {
    if (step.verb === 'invite') await invite(world, at(step.who), named(step.whom), step.message)
    else {
      const id = await showBetween(world, at(step.one), [named(step.one)], [named(step.other)]).then(
        (colleague) => colleague.id,
        () => missing,
      )
      if (step.verb === 'remove') await remove(world, at(step.who), id, () => {})
      else if (step.status === 'accepted') await accept(world, at(step.who), id, step.message, () => {})
      else await updateMessage(world, at(step.who), id, step.status, step.message, () => {})
    }
    return undefined
  } catch (error) {
    if (error instanceof Failure) return error.code
    throw error
  }
}

/** A person's lists according to the model, newest first. */
function expectedLists(edges: readonly Edge[], owner: number) {
  const views = edges
    .filter(({ inviter, invited }) => inviter === owner || invited === owner)
    .sort((one, other) => other.moment - one.moment)
    .map(({ inviter, invited, isAccepted, changedBy, message }) => ({
      status: isAccepted ? 'accepted' : inviter === owner ? 'unconfirmed' : 'pending',
      peer: inviter === owner ? invited : inviter,
      inviter,
      changedBy,
      message,
    }))
  return statuses.map((status) => views.filter((view) => view.status === status))
}

async function storedLists(people: readonly Account[], owner: number) {
  const caller = people[owner] as Account
  const indexOf = ({ id }: Account) => people.findIndex((each) => each.id === id)
  const world = { db: database.db, config: readConfig({}), log: pino({ level: 'silent' }) }
  const lists = []
  for (const status of statuses) {
    const request = { ...newestFirst, status }
    const { read } = await openList(world, caller, request)
    const { colleagues, total } = await read()
    expect(total).toBe(colleagues.length)
    lists.push(
      colleagues.map(({ status, peer, inviter, changedBy, message }) => ({
        status,
        peer: indexOf(peer),
        inviter: indexOf(inviter),
        changedBy: indexOf(changedBy),
        message,
      })),
    )
  }
  return lists
}

let crowds = 0

async function freshCrowd(): Promise<Account[]> {
  const names = Array.from({ length: crowd }, (_, index) => `crowd${crowds}-${index}`)
  crowds++
  const people: Account[] = []
  for (const name of names) {
    const id = await addPerson(database.db, name)
    people.push((await findAccount(database.db, { by: 'key', value: id })) as Account)
  }
  return people
}

test.each([
  ['always the same steps', { seed: 20_261_125 }],
  ['other steps each time', {}],
])('every list of everybody is the model’s after each step: %s', async (_name, seed) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 16 }), async (steps) => {
      const people = await freshCrowd()
      let edges: readonly Edge[] = []
      for (const [moment, step] of steps.entries()) {
        const outcome = predicted(edges, step, moment)
        expect(await taken(people, step)).toBe(typeof outcome === 'string' ? outcome : undefined)
        if (typeof outcome !== 'string') edges = outcome
        for (const owner of people.keys()) {
          expect(await storedLists(people, owner)).toEqual(expectedLists(edges, owner))
        }
      }
    }),
    { numRuns: 20, ...seed },
  )
})
