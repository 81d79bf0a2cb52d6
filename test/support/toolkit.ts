import { attributeAt, select, textAt } from './select.js'
import type { Element } from './xml.js'

/** The Social Business Toolkit's view of a feed, by its XPaths, the same in Java and in JavaScript. */

const sn = 'http://www.ibm.com/xmlns/prod/sn'

/** `totalResults`, `startIndex` and `itemsPerPage`. */
export const countsOf = (feed: Element) =>
  ['totalResults', 'startIndex', 'itemsPerPage'].map((name) => textAt(feed, `/a:feed/opensearch:${name}`))

export const entriesOf = (feed: Element) => select(feed, '/a:feed/a:entry')

const personAt = (entry: Element, path: string) => ({
  name: textAt(entry, `${path}/a:name`),
  userid: textAt(entry, `${path}/snx:userid`),
  email: textAt(entry, `${path}/a:email`),
})

/** A connection entry. */
export const connectionOf = (entry: Element) => ({
  id: textAt(entry, './a:id')?.replace('tag:profiles.ibm.com,2006:entry', ''),
  title: textAt(entry, './a:title'),
  updated: textAt(entry, './a:updated'),
  content: textAt(entry, "./a:content[@type='html']"),
  summary: textAt(entry, "./a:summary[@type='text']"),
  source: personAt(entry, `./snx:connection/a:contributor[@snx:rel='${sn}/connection/source']`),
  target: personAt(entry, `./snx:connection/a:contributor[@snx:rel='${sn}/connection/target']`),
  self: attributeAt(entry, "./a:link[@rel='self']", 'href'),
  edit: attributeAt(entry, "./a:link[@rel='edit']", 'href'),
})

const card = './a:content/h:div/h:span'
const postal = `${card}/h:div[@class='adr work postal']`

/** A profile entry with an hCard. Classes are compared as whole strings. */
export const profileOf = (entry: Element) => ({
  ...personAt(entry, './a:contributor'),
  photo: attributeAt(entry, `${card}/h:div/h:img[@class='photo']`, 'src'),
  profile: attributeAt(entry, `${card}/h:div/h:a[@class='fn url']`, 'href'),
  title: textAt(entry, `${card}/h:div[@class='title']`),
  groupwareMail: textAt(entry, `${card}/h:div[@class='x-groupwareMail']`),
  department: textAt(entry, `${card}/h:div[@class='org']/h:span[@class='organization-unit']`),
  telephone: textAt(entry, `${card}/h:div[@class='tel']/h:span[@class='value']`),
  building: textAt(entry, `${card}/h:div[@class='x-office']/h:span[@class='x-building']`),
  floor: textAt(entry, `${card}/h:div[@class='x-office']/h:span[@class='x-floor']`),
  street: textAt(entry, `${postal}/h:div[@class='street-address']`),
  street2: textAt(entry, `${postal}/h:div[@class='extended-address x-streetAddress2']`),
  locality: textAt(entry, `${postal}/h:span[@class='locality']`),
  region: textAt(entry, `${postal}/h:span[@class='region']`),
  postalCode: textAt(entry, `${postal}/h:span[@class='postal-code']`),
  country: textAt(entry, `${postal}/h:div[@class='country-name']`),
})
