import { pino } from 'pino'
import { readConfig } from '../../src/config.js'
import { type Methods, methodNames, routesOf } from '../../src/http/routes.js'
import { openServices } from '../../src/http/services.js'

/** The effect of a method of an address, and its own statuses. */
type Description = readonly [does: string, statuses: string]
type Descriptions = Readonly<Record<string, { readonly [Method in keyof Methods]?: Description }>>

/** Addresses of the Atom API, of the pages, and for monitoring, as `docs/api.md` lists them. */
const descriptions = {
  'Atom API': {
    '/atom/connections.do': {
      get: [
        "A person's connections as a feed. HEAD with `source…` and `target…` answers as `connection.do` does.",
        '200, 304, 403; HEAD also 404',
      ],
      post: ['Invites the person that a parameter names.', '201'],
    },
    '/atom/connection.do': {
      get: ['One connection, by `connectionId` or by `source…` and `target…`.', '200, 304, 404'],
      post: ['As POST of `connections.do`, for clients that do not know 201.', '200'],
      put: ['Accepts an invitation, or replaces the message. Takes `connectionId`.', '200, 403, 404, 412'],
      delete: ['Declines, withdraws or removes. Takes `connectionId`.', '200, 403, 404, 412'],
    },
    '/atom/connectionsInCommon.do': {
      get: ['The colleagues that two people share: `userid=ann,bo`.', '200, 304'],
    },
    '/admin/atom/connections.do': {
      put: [
        'Makes two people colleagues. Takes `action=complete`, `source…`, `target…` and an entry with the status `accepted`; answers the entry.',
        '200, 403, 412',
      ],
      delete: [
        'Removes one connection, by `connectionId` or by `source…` and `target…`. With a parameter for one person, removes all connections of that person.',
        '200, 403, 404, 412',
      ],
    },
    '/atom/profile.do': {
      get: ['One person, or several separated by commas, as a feed. Unknown people are left out.', '200, 304'],
    },
    '/atom/profileEntry.do': {
      get: ['One profile. For an unknown person, the XML declaration alone.', '200, 304'],
    },
    '/atom/profileService.do': {
      get: ["A person's service document, with links to the other resources.", '200, 304'],
    },
    '/atom/profileType.do': { get: ['The properties that a profile has. `type` is `default`.', '200, 304, 404'] },
    '/atom/search.do': { get: ['People that meet all criteria; see [Search](#search).', '200, 304'] },
    '/atom/reportingChain.do': { get: ['A person, then the managers, nearest first.', '200, 304'] },
    '/atom/peopleManaged.do': { get: ['The people that a person manages, in pages.', '200, 304'] },
    '/vcard/profile.do': { get: ['A profile as a vCard 2.1 file.', '200, 304, 404'] },
    '/photo.do': { get: ['The photo, or the initials as SVG.', '200, 304, 404'] },
  },
  Pages: {
    '/html/profileView.do': { get: ["A person's page.", '200, 304, 404'] },
    '/html/appPasswords.do': {
      get: ["The caller's app passwords.", '200, 403'],
      post: [
        'Creates one: `name`, `days` (30, 90, 365 or empty), `write`. `form` is a UUID: a form that is sent twice creates one password.',
        '200, 303, 403',
      ],
    },
    '/html/password.do': {
      get: ['Asks for the current password and a new one. Needs a signed-in browser.', '200, 403'],
      post: [
        "Changes the password: `present`, `fresh`, `again`. Ends the person's other sessions.",
        '303, 400, 401, 403',
      ],
    },
    '/html/revoke.do': { post: ['Revokes the app password `id`.', '303, 403, 404'] },
    '/html/picture.do': { get: ["A person's network as a picture.", '200, 304'] },
    '/html/signIn.do': {
      get: ['Asks for the user name and password.', '200'],
      post: [
        'Signs a browser in: `user`, `password`. `next` is the page to continue with, on this server.',
        '303, 401',
      ],
    },
    '/html/signOut.do': {
      post: ['Signs a browser out. `everywhere=true` signs out all browsers of the person.', '303'],
    },
    '/html/invite.do': { post: ['Invites: `key`, `message`, `next`.', '303'] },
    '/html/accept.do': { post: ['Accepts: `connectionId`, `next`.', '303, 403, 404'] },
    '/html/remove.do': {
      post: ['Declines, withdraws or removes: `connectionId`, `next`.', '303, 403, 404'],
    },
    '/': { get: ["Redirects a browser to its user's network.", '303'] },
    '/html/icon.svg': { get: ['The icon of the pages.', '200'] },
    '/html/style.css': { get: ['The style sheet of the pages.', '200'] },
    '/html/script.js': { get: ['The script of the pages.', '200'] },
  },
  Monitoring: {
    '/live': { get: ['Whether the process runs.', '200'] },
    '/ready': {
      get: ['Whether the server can serve: the database answers, and the server is not stopping.', '200, 503'],
    },
  },
} satisfies Readonly<Record<string, Descriptions>>

export type AddressTable = keyof typeof descriptions

/** The addresses of the server, with their methods. */
function routes(): Readonly<Record<string, Methods>> {
  const services = openServices({
    config: readConfig({}),
    baseUrl: 'http://localhost',
    sessionKeys: ['-'],
    release: '',
    log: pino({ level: 'silent' }),
    db: undefined as never,
    now: () => new Date(),
    loopDelay: () => 0,
  })
  return routesOf(services, () => false)
}

/**
 * One of the tables of addresses, as Markdown.
 *
 * @throws Error if the server and the descriptions differ in an address or a method
 */
export function addressTable(name: AddressTable): string {
  const described: Descriptions = Object.assign({}, ...Object.values(descriptions)) as Descriptions
  check(routes(), described)
  const rows = Object.entries<Descriptions[string]>(descriptions[name]).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, [does, statuses]]) => {
      const verbs = method === 'get' ? 'GET, HEAD' : method.toUpperCase()
      return `| ${verbs} | \`${shown(path)}\` | ${does} | ${statuses} |`
    }),
  )
  return ['| method | address | answer | statuses |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

/** `…` stands for any of the prefixes before `/atom`. */
const shown = (path: string) =>
  path.startsWith('/atom/') ? path.replace('/atom', '…') : /^\/\w+[./]/.test(path) ? `/profiles${path}` : path

function check(served: Readonly<Record<string, Methods>>, described: Descriptions): void {
  const names = (table: Readonly<Record<string, object>>) =>
    Object.entries(table).flatMap(([path, methods]) =>
      methodNames.filter((method) => method in methods).map((method) => `${method} ${path}`),
    )
  const [inCode, inTable] = [names(served), names(described)]
  const missing = inCode.filter((each) => !inTable.includes(each))
  const extra = inTable.filter((each) => !inCode.includes(each))
  if (missing.length + extra.length === 0) return
  throw new Error(`test/docs/addresses.ts: not described: ${missing.join(', ')}; not served: ${extra.join(', ')}`)
}
