import type { XMLBuilder } from 'xmlbuilder2/lib/interfaces.js'
import type { Account } from '../people/account.js'
import { addressFields, type Extension, type TextField, textFields } from '../people/fields.js'
import { type CardValues, cardValues } from './card-values.js'
import { join, type Markup, nothing, type Template, template } from './template.js'
import { type Addresses, XHTML } from './vocabulary.js'

type CardHole = { text(name: keyof CardValues): string }
type Values = CardValues & { emailLink: Markup; address: Markup; extensionList: Markup }

/**
 * Returns a function that writes hCards (docs/wire.md, hCard): the XHTML `div` of an entry's content. An empty value
 * gives an empty element, except that an empty work address is omitted.
 *
 * @param to base addresses of all links
 */
export function hcards(to: Addresses): (account: Account, format: 'lite' | 'full') => Markup {
  const cards = { lite: card(to, false), full: card(to, true) }
  return (account, format) => {
    const values = cardValues(account)
    return cards[format]({
      ...values,
      emailLink: account.email === null ? nothing : emailLink(values),
      address: addressFields.some((name) => values[name] !== '') ? address(values) : nothing,
      extensionList: join((account.profile.extensions ?? []).map(extension)),
    })
  }
}

function card(to: Addresses, full: boolean): Template<Values> {
  return template<Values>((at, hole) => {
    const { div, span, value } = writer(hole)
    const key = hole.text('key')
    const card = at.ele(XHTML, 'div').ele('span').att('class', 'vcard')
    card
      .ele('div')
      .ele('img')
      .att('src', to.photo(key, hole.text('millis')))
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
      value(card, 'categories', 'tags')
      div(card, 'experience')
      div(card, 'description')
      card.ele('div').txt(hole.markup('extensionList'))
    }
    div(card, 'managerLogin', hidden)
    value(card, 'x-is-manager', 'isManager', hidden)
    value(card, 'x-profile-key', 'key')
    value(card, 'uid', 'userId')
    value(card, 'x-profile-uid', 'login')
    value(card, 'x-lconn-userid', 'userId')
    if (full) {
      div(card, 'employeeNumber')
      div(card, 'distinguishedName')
      for (const name of ['departmentNumber', 'departmentTitle', 'shift'] as const) div(card, name, hidden)
    }
    value(card, 'rev', 'rev', hidden)
    div(card, 'profileType', hidden)
  })
}

const hidden = true

/**
 * Returns functions that add an element with one value: `div` and `span` for a profile field, with the class of the
 * field; `value` for any value, with the given class.
 */
function writer(hole: CardHole) {
  const put = (at: XMLBuilder, tag: string, name: keyof CardValues, className: string, isHidden: boolean) => {
    const element = at.ele(tag).att('class', className)
    if (isHidden) element.att('style', 'display:none')
    element.txt(hole.text(name))
  }
  const className = (name: TextField) => textFields[name].hcard as string
  return {
    div: (at: XMLBuilder, name: TextField, isHidden = false) => put(at, 'div', name, className(name), isHidden),
    span: (at: XMLBuilder, name: TextField) => put(at, 'span', name, className(name), false),
    value: (at: XMLBuilder, className: string, name: keyof CardValues, isHidden = false) =>
      put(at, 'div', name, className, isHidden),
  }
}

function names(card: XMLBuilder, hole: CardHole): void {
  const { div } = writer(hole)
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

function telephones(card: XMLBuilder, hole: CardHole, full: boolean): void {
  for (const [name, label] of Object.entries(telephoneLabels) as [keyof typeof telephoneLabels, string][]) {
    if (name !== 'workPhone' && !full) return
    const telephone = card.ele('div').att('class', 'tel')
    telephone
      .ele('abbr')
      .att('class', 'type')
      .att('title', textFields[name].hcard as string)
      .txt(label)
    telephone.ele('span').att('class', 'value').txt(hole.text(name))
    const { span } = writer(hole)
    if (name === 'pager') for (const part of ['pagerId', 'pagerType', 'pagerProvider'] as const) span(telephone, part)
  }
}

const emailLink = template<CardValues>((at, hole) => {
  at.ele('a').att('class', 'email').att('href', hole.text('mailto')).txt(hole.text('email'))
})

const address = template<CardValues>((at, hole) => {
  const { div, span } = writer(hole)
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
