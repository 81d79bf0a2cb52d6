import { presenterFor } from '../../src/people/hide-email.js'
import { account } from '../support/people.js'

/** The presenter of a site, chosen by its setting (Z3). */

const [shows, hides] = [presenterFor(false), presenterFor(true)]
const ann = account({
  login: 'ann@example.com',
  name: 'ann@example.com',
  profile: { groupwareEmail: 'a@example.com', description: 'Mail to ann@example.com or call' },
})

test('shows people as they are, or without addresses', () => {
  expect(shows.account(ann)).toBe(ann)
  expect(hides.account(ann)).toEqual({
    ...ann,
    email: null,
    login: null,
    name: 'ann',
    profile: { description: 'Mail to  or call' },
  })
})

test('takes, shows and finds addresses, or does not', () => {
  const seen = (by: typeof shows) => ({
    takesAddresses: by.takesAddresses,
    address: by.address('ann@example.com'),
    name: by.name('Network of ann@example.com'),
    mayLink: [by.mayLink('ann'), by.mayLink('ann@example.com')],
    searchKinds: by.searchKinds('n'),
  })
  expect(seen(shows)).toEqual({
    takesAddresses: true,
    address: 'ann@example.com',
    name: 'Network of ann@example.com',
    mayLink: [true, true],
    searchKinds: ['n', 'N'],
  })
  expect(seen(hides)).toEqual({
    takesAddresses: false,
    address: null,
    name: 'Network of ann',
    mayLink: [true, false],
    searchKinds: ['n'],
  })
})

test('shows all values of a page alike', () => {
  const date = new Date(0)
  const page = {
    title: 'ann@example.com',
    note: 'ann@example.com',
    date,
    none: null,
    people: [ann],
    here: { name: 'b@c.d' },
  }
  expect(shows.values(page)).toBe(page)
  expect(hides.values(page)).toEqual({
    title: 'ann',
    note: 'ann@example.com',
    date,
    none: null,
    people: [hides.account(ann)],
    here: { name: 'b' },
  })
})
