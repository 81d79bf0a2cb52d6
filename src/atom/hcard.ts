import type { XMLBuilder } from 'xmlbuilder2/lib/interfaces.js'
import type { Account } from '../people/account.js'
import { type Extension, type Profile, type TextField, textFields } from '../people/fields.js'
import { type CardParts, type CardValues, hasAddress } from './card-values.js'
import { join, nothing } from './markup.js'
import { type Hole, template } from './template.js'
import { type Addresses, XHTML } from './vocabulary.js'

type CardHole = Pick<Hole<CardValues & CardParts, Profile>, keyof Hole<object>>
type FieldHole = Pick<CardHole, 'field'>

/**
 * Adds an hCard (docs/wire.md, hCard): the XHTML `div` of an entry's content. An empty value gives an empty element,
 * except that an empty work address is omitted.
 *
 * @param to base addresses of all links
 */
export function addHcard(at: XMLBuilder, hole: CardHole, to: Addresses, full: boolean): void {
  const { div, span } = adders(hole)
  const key = hole.plain('key')
  const card = at.ele(XHTML, 'div').ele('span').att('class', 'vcard')
  card
    .ele('div')
    .ele('img')
    .att('src', to.photo(key, hole.plain('millis')))
    .att('class', 'photo')
  card.ele('div').ele('a').att('class', 'fn url').att('href', to.profile(key)).txt(hole.text('name'))
  if (full) names(card, hole)
  // An empty placeholder, since there is no pronunciation and some clients find the blocks by position.
  card.ele('div')
  card.ele('div').txt(hole.markup('emailLink'))
  div(card, 'groupwareEmail', hidden)
  if (full) div(card, 'timeZone', hidden)
  if (full) div(card, 'preferredLanguage', hidden)
  const organization = card.ele('div').att('class', 'org')
  span(organization, 'organization')
  if (full) span(organization, 'organizationCode')
  div(card, 'role')
  if (full) div(card, 'employeeType', hidden)
  div(card, 'title')
  if (full) div(card, 'profileTitle')
  card.txt(hole.markup('address'))
  const office = card.ele('div').att('class', 'x-office')
  for (const name of ['building', 'floor', 'officeNumber'] as const) span(office, name)
  telephones(card, hole, full)
  if (full) {
    add(card, 'div', 'categories', hole.text('tags'))
    div(card, 'experience')
    div(card, 'description')
    card.ele('div').txt(hole.markup('extensions'))
  }
  div(card, 'managerLogin', hidden)
  add(card, 'div', 'x-is-manager', hole.plain('isManager'), hidden)
  add(card, 'div', 'x-profile-key', key)
  add(card, 'div', 'uid', hole.text('userId'))
  add(card, 'div', 'x-profile-uid', hole.text('login'))
  add(card, 'div', 'x-lconn-userid', hole.text('userId'))
  if (full) {
    div(card, 'employeeNumber')
    div(card, 'distinguishedName')
    for (const name of ['departmentNumber', 'departmentTitle', 'shift'] as const) div(card, name, hidden)
  }
  add(card, 'div', 'rev', hole.plain('rev'), hidden)
  add(card, 'div', 'x-profile-type', hole.text('profileType'), hidden)
}

/** The parts of an hCard that are not in each card, or several times. */
export function hcardParts({ email, profile }: Account, full: boolean): CardParts {
  return {
    emailLink: email === null ? nothing : emailLink({ email, mailto: `mailto:${encoded(email)}` }),
    address: hasAddress(profile) ? address({}, profile) : nothing,
    extensions: full && profile.extensions ? join(profile.extensions.map((each) => extension(each))) : nothing,
  }
}

/** Percent-encodes the characters with a meaning in URLs. */
const encoded = (email: string) => (/[%?&#]/.test(email) ? email.replaceAll(/[%?&#]/g, encodeURIComponent) : email)

const hidden = true

function add(at: XMLBuilder, tag: string, className: string, text: string, isHidden = false): void {
  const element = at.ele(tag).att('class', className)
  if (isHidden) element.att('style', 'display:none')
  element.txt(text)
}

/** Returns functions that add an element with a profile field, with the class of the field. */
function adders(hole: FieldHole) {
  const className = (name: TextField) => textFields[name].hcard as string
  return {
    div: (at: XMLBuilder, name: TextField, isHidden = false) =>
      add(at, 'div', className(name), hole.field(name), isHidden),
    span: (at: XMLBuilder, name: TextField) => add(at, 'span', className(name), hole.field(name)),
  }
}

function names(card: XMLBuilder, hole: FieldHole): void {
  const { div } = adders(hole)
  const block = card.ele('div').att('class', 'n').att('style', 'display:none')
  const own = block.ele('div')
  const usual = ['familyName', 'givenName', 'honorificPrefix', 'preferredFirstName', 'preferredLastName'] as const
  for (const name of usual) div(own, name)
  const native = block.ele('div').att('style', 'display:none')
  div(native, 'nativeFirstName')
  div(native, 'nativeLastName')
  div(block, 'alternateLastName')
}

const telephoneLabels = {
  workPhone: 'Work:',
  mobilePhone: 'Cell:',
  fax: 'Fax:',
  ipPhone: 'IP:',
  pager: 'Pager:',
} as const

function telephones(card: XMLBuilder, hole: FieldHole, full: boolean): void {
  for (const [name, label] of Object.entries(telephoneLabels) as [keyof typeof telephoneLabels, string][]) {
    if (name !== 'workPhone' && !full) return
    const telephone = card.ele('div').att('class', 'tel')
    telephone
      .ele('abbr')
      .att('class', 'type')
      .att('title', textFields[name].hcard as string)
      .txt(label)
    telephone.ele('span').att('class', 'value').txt(hole.field(name))
    const { span } = adders(hole)
    if (name === 'pager') for (const part of ['pagerId', 'pagerType', 'pagerProvider'] as const) span(telephone, part)
  }
}

const emailLink = template<{ email: string; mailto: string }>((at, hole) => {
  at.ele('a').att('class', 'email').att('href', hole.text('mailto')).txt(hole.text('email'))
})

const address = template<object, Profile>((at, hole) => {
  const { div, span } = adders(hole)
  const block = at.ele('div').att('class', 'adr work postal')
  div(block, 'street')
  div(block, 'street2')
  for (const name of ['city', 'region', 'postalCode'] as const) span(block, name)
  div(block, 'country')
  div(block, 'countryCode', hidden)
  div(block, 'workLocationCode', hidden)
})

const extension = template<{ [Name in keyof Extension]: string }>((at, hole) => {
  const block = at.ele('div').att('class', 'x-extension-property')
  block.ele('span').att('class', 'x-extension-property-id').txt(hole.text('id'))
  block.ele('span').att('class', 'x-extension-key').txt(hole.text('key'))
  block.ele('span').att('class', 'x-extension-value').txt(hole.text('value'))
  block.ele('span').att('class', 'x-extension-data-type').txt(hole.text('dataType'))
})
