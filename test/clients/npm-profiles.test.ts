import { npmClient } from '../support/npm-client.js'
import { servedProcess } from '../support/served-process.js'

/** The npm client itself (docs/wire.md, What each client needs): profiles, and the addresses of a person's resources. */

const base = servedProcess()
const ask = (method: string, query: object) => npmClient(base(), 'ann')(method, query)
const atom = () => `${base()}/profiles/atom`
const key = '7007beaa-cf59-48d6-a06e-6bdca3e7a6b0'
const changed = '2026-04-01T12:00:00.000Z'
const waysToNameEleni = [{ userid: 'eleni' }, { email: 'eleni@example.com' }, { key }]

test.each(waysToNameEleni)('the profile of %j, from its card', async (person) => {
  expect(await ask('getProfileEntry', person)).toEqual({
    key,
    userid: 'eleni',
    guid: 'eleni',
    uid: 'eleni.desk',
    displayName: 'Ελένη Παπαδοπούλου',
    names: { surname: 'Παπαδοπούλου', givenName: 'Ελένη' },
    courtesyTitle: 'Κα',
    preferredFirstName: 'Lena',
    preferredLastName: 'Papadopoulou',
    nativeFirstName: 'Ελένη',
    nativeLastName: 'Παπαδοπούλου',
    alternateLastname: 'Αθανασίου',
    photo: `${base()}/profiles/photo.do?key=${key}&lastMod=${Date.parse(changed)}`,
    url: `${atom()}/profile.do?key=${key}`,
    email: 'eleni@example.com',
    groupwareEmail: 'eleni.groupware@example.org',
    blogUrl: 'https://blog.example.org/eleni',
    timezone: 'Europe/Athens',
    preferredLanguage: 'el',
    organizationTitle: 'Sales',
    orgId: 'SA-02',
    employeeTypeDesc: 'Account lead',
    employeeTypeCode: 'part-time',
    jobResp: 'Διευθύντρια πωλήσεων',
    workLocation: {
      skip_1: '',
      skip_2: '',
      address_1: 'Ερμού 5',
      address_2: '2ος όροφος',
      city: 'Αθήνα',
      state: 'Αττική',
      postal_code: '105 63',
      country: 'Greece',
    },
    countryCode: 'gr',
    workLocationCode: 'ATH',
    bldgId: 'A',
    floor: '2',
    officeName: '21',
    telephoneNumber: '+30 21 0555 0201',
    mobileNumber: '+30 69 5555 0202',
    faxNumber: '+30 21 0555 0203',
    ipTelephoneNumber: '7-0204',
    pagerNumber: '0205',
    pagerId: 'P-0206',
    pagerType: 'numeric',
    pagerServiceProvider: 'Example Paging',
    tags: ['πωλήσεις', 'travel'],
    experience: 'Ten years in sales.',
    description: 'Γεια σας!',
    managerUid: 'ann.desk',
    isManager: 'N',
    employeeNumber: '000207',
    deptNumber: '17',
    deptTitle: 'South',
    shift: '2',
    lastUpdate: changed,
    profileType: 'contractor',
    extattr: [{ id: 'languages', key: 'spoken', value: 'el, en, it', dataType: 'list' }],
  })
})

test.each([
  ['no work address', 'lou', undefined],
  ['hardly any', 'kit', { address_1: '1 Example Street', address_2: '', city: '', country: '' }],
])('the profile of a person with %s', async (_name, userid, workLocation) => {
  const profile = (await ask('getProfileEntry', { userid })) as { workLocation?: object }
  if (workLocation) expect(profile.workLocation).toMatchObject(workLocation)
  else expect(profile).not.toHaveProperty('workLocation')
  expect(profile).toMatchObject({ userid, names: { surname: '', givenName: '' } })
})

test('the profile of an unknown person', async () => {
  await expect(ask('getProfileEntry', { userid: 'nobody' })).rejects.toMatchObject({ httpStatus: 404 })
})

test.each(waysToNameEleni)('the resources of %j', async (person) => {
  const sn = 'http://www.ibm.com/xmlns/prod/sn'
  expect(await ask('getServiceDocument', person)).toMatchObject({
    userid: 'eleni',
    links: {
      colleague: {
        rel: `${sn}/connections/colleague`,
        type: 'application/atom+xml',
        href: `${atom()}/connections.do?connectionType=colleague&key=${key}&lastMod=${Date.parse(changed)}`,
      },
      'reporting-chain': { rel: `${sn}/reporting-chain`, href: `${atom()}/reportingChain.do?key=${key}` },
      'profile-type': { rel: `${sn}/profile-type`, href: `${atom()}/profileType.do?type=default` },
    },
  })
})

test('the caller’s own resources, without a named person', async () => {
  expect(await ask('getServiceDocument', {})).toMatchObject({ userid: 'ann' })
})
