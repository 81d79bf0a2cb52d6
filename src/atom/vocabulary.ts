/** The fixed names on the wire: namespaces, schemes, relations, media types. */

export const ATOM = 'http://www.w3.org/2005/Atom'
export const APP = 'http://www.w3.org/2007/app'
const THREAD = 'http://purl.org/syndication/thread/1.0'
export const HISTORY = 'http://purl.org/syndication/history/1.0'
export const OPENSEARCH = 'http://a9.com/-/spec/opensearch/1.1/'
export const SNX = 'http://www.ibm.com/xmlns/prod/sn'
export const XHTML = 'http://www.w3.org/1999/xhtml'
export const SVG = 'http://www.w3.org/2000/svg'
export const PROFILE_TYPE = `${SNX}/profile-type`

/** Namespace prefixes in the order of the recordings. Clients match the prefixes literally. */
export const prefixes = { app: APP, thr: THREAD, fh: HISTORY, snx: SNX, opensearch: OPENSEARCH } as const

export const scheme = {
  type: `${SNX}/type`,
  connectionType: `${SNX}/connection/type`,
  status: `${SNX}/status`,
} as const

export const rel = {
  source: `${SNX}/connection/source`,
  target: `${SNX}/connection/target`,
  connection: `${SNX}/connection`,
  colleague: `${SNX}/connections/colleague`,
  reportingChain: `${SNX}/reporting-chain`,
  profileType: `${SNX}/profile-type`,
  image: `${SNX}/image`,
} as const

export const mediaType = {
  atom: 'application/atom+xml',
  service: 'application/atomsvc+xml',
  profileType: 'application/profile-type+xml',
  html: 'text/html',
  directory: 'text/directory',
  vcard: 'text/x-vcard',
  svg: 'image/svg+xml',
  /** The format of a photo varies. */
  image: 'image/*',
} as const

export const feedId = 'tag:profiles.ibm.com,2006:feed'
export const entryId = 'tag:profiles.ibm.com,2006:entry'

/** The feed titles of a person's lists; the person's name follows. */
export const feedTitles = {
  accepted: 'Connections of',
  pending: 'Invitations to',
  unconfirmed: 'Invitations by',
} as const

export const generator = { name: 'IBM Connections - Profiles', version: '6.0.0.0', uri: SNX } as const

/** The URLs of all resources below a public base URL. Keys and ids are UUIDs and need no encoding. */
export function addresses(baseUrl: string) {
  const root = `${baseUrl}/profiles`
  return {
    connections: `${root}/atom/connections.do`,
    connectionsInCommon: `${root}/atom/connectionsInCommon.do`,
    connection: (id: string) => `${root}/atom/connection.do?connectionId=${id}`,
    /** The list of colleagues, with the parameters used in links from other resources. */
    colleagues: (key: string, changed: string) =>
      `${root}/atom/connections.do?connectionType=colleague&key=${key}&lastMod=${changed}`,
    profiles: `${root}/atom/profile.do`,
    profile: (key: string) => `${root}/atom/profile.do?key=${key}`,
    /** @param userId percent-encoded */
    profileOfUser: (userId: string) => `${root}/atom/profile.do?userid=${userId}&output=vcard`,
    profileEntries: `${root}/atom/profileEntry.do`,
    profileEntry: (key: string) => `${root}/atom/profileEntry.do?key=${key}`,
    profileService: `${root}/atom/profileService.do`,
    profileTypes: `${root}/atom/profileType.do`,
    profileType: `${root}/atom/profileType.do?type=default`,
    profileView: (key: string) => `${root}/html/profileView.do?key=${key}`,
    search: `${root}/atom/search.do`,
    reportingChains: `${root}/atom/reportingChain.do`,
    reportingChain: (key: string) => `${root}/atom/reportingChain.do?key=${key}`,
    peopleManaged: `${root}/atom/peopleManaged.do`,
    photo: (key: string, changed: string) => `${root}/photo.do?key=${key}&lastMod=${changed}`,
    vcard: (key: string) => `${root}/vcard/profile.do?key=${key}`,
  }
}

export type Addresses = ReturnType<typeof addresses>
