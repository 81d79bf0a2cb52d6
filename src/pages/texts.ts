import { counted } from '../formats.js'

const date = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeZone: 'UTC' })
const count = new Intl.NumberFormat('en')

/**
 * The texts of the pages, with the refusals of the sign-in and password forms. Other refusals are the messages of
 * Failures. A translation is another file with the same structure.
 */
export const texts = {
  language: 'en',
  direction: 'ltr',
  product: 'Connections',
  skip: 'Skip to content',
  date: (day: Date) => date.format(day),
  count: (number: number) => count.format(number),

  menu: 'Main menu',
  network: 'My network',
  appPasswords: 'App passwords',
  signIn: 'Sign in',
  signOut: 'Sign out',
  userName: 'User name or e-mail address',
  password: 'Password',
  wrongCredentials: 'Wrong user name or password.',
  search: 'Search people',
  find: 'Search',
  feed: 'This list is also a feed. Add its address to your feed reader, with an app password.',
  publicFeed: 'This list is also a feed. Add its address to your feed reader. No password is needed.',
  feedAddress: 'Feed address',

  list: {
    accepted: 'Colleagues',
    pending: 'Invitations',
    unconfirmed: 'Sent invitations',
  },
  listOf: (name: string) => `Colleagues of ${name}`,
  publicOf: (name: string) => `You are not signed in. This is the public view of the network of ${name}.`,
  publicInCommonOf: (one: string, other: string) =>
    `You are not signed in. This is the public view of the networks of ${one} and ${other}.`,
  signInHere: 'Sign in to invite people.',
  inCommonOf: (one: string, other: string) => `Colleagues that ${one} and ${other} have in common`,
  lists: 'Lists',
  empty: {
    accepted: 'You have no colleagues yet. Search for people you work with and invite them.',
    pending: 'You have no invitations to answer.',
    unconfirmed: 'None of your invitations is awaiting an answer. Search for people to invite.',
  },
  emptyOf: (name: string) => `${name} has no colleagues yet.`,
  emptyPage: 'This page is past the end of the list.',
  since: { accepted: 'Connection last changed', pending: 'Invited you', unconfirmed: 'Invited' },

  people: (words: string) => `People: ${words}`,
  found: (total: number) => counted(total, 'person', 'people'),
  noOneFound: 'No one found. Try the beginning of a first or last name, or a user ID.',

  pages: 'Pages',
  first: 'First',
  previous: 'Previous',
  next: 'Next',
  last: 'Last',

  invite: 'Invite',
  inviteName: (name: string) => `Invite ${name}`,
  message: 'Message (optional)',
  sendInvitation: 'Send invitation',
  accept: 'Accept',
  acceptName: (name: string) => `Accept the invitation from ${name}`,
  decline: 'Decline',
  declineName: (name: string) => `Decline the invitation from ${name}`,
  withdraw: 'Withdraw',
  withdrawName: (name: string) => `Withdraw the invitation to ${name}`,
  remove: 'Remove',
  removeName: (name: string) => `Remove ${name} from your colleagues`,
  aboutRemoval: (name: string) => `You will no longer be connected. ${name} won’t be notified.`,

  relation: {
    accepted: 'Your colleague',
    pending: 'Waiting for your answer',
    unconfirmed: 'You invited this person',
  },
  thisIsYou: 'This is you',
  inactive: 'No longer active',
  facts: {
    title: 'Title',
    organization: 'Organization',
    workPhone: 'Phone',
    mobilePhone: 'Mobile phone',
    city: 'City',
    country: 'Country',
    description: 'About',
  },
  email: 'E-mail',
  tags: 'Tags',
  addressBook: 'Download as vCard',
  colleaguesOf: (name: string) => `Colleagues of ${name}`,
  shared: 'Colleagues in common',
  allShared: (total: number) => `Show ${counted(total, 'colleague')} as a list`,
  noneShared: 'You have no colleagues in common.',
  noneSharedOf: (one: string, other: string) => `${one} and ${other} have no colleagues in common.`,
  seePicture: 'Show as a picture',
  aboutPicture: 'Each line is a connection between two people.',
  aboutPartialPicture: (shown: number, total: number) =>
    `Shows the first ${count.format(shown)} of ${count.format(total)} people, in order of name. ` +
    'Each line is a connection.',
  asList: 'Show as a list',
  pictureEmpty: 'This network is empty.',
  pictureOf: (name: string) => `The network of ${name}`,

  aboutAppPasswords: (name: string) =>
    'An app password lets a feed reader or another program sign in without your own password. Create one for each ' +
    `program; you can revoke it at any time. The user name is ${name}. Programs may also send the app password as a ` +
    'bearer token.',
  changePassword: 'Change password',
  passwordAndSessions: 'Password and sessions',
  feedList: 'Feeds:',
  feeds: { accepted: 'colleagues', pending: 'invitations' },
  aboutPassword: (name: string) =>
    `Change the password of ${name}. This signs out all other browsers. App passwords keep working.`,
  currentPassword: 'Current password',
  newPassword: 'New password',
  newPasswordAgain: 'Repeat new password',
  passwordRule: (shortest: number, longest: number) =>
    `${shortest} to ${counted(longest, 'character')}. Several words make a good password.`,
  notPresent: 'Your current password is incorrect.',
  notTheSame: 'The new passwords do not match.',
  signOutEverywhere: 'Sign out everywhere',
  aboutSigningOutEverywhere: 'Signs you out here and in every other browser.',

  noAppPasswords: 'You have no app passwords. Create one for each program that reads your feeds.',
  newAppPassword: 'New app password',
  appPasswordName: 'Name (such as the name of the program)',
  expiry: 'Expires',
  days: (number: number) => `In ${counted(number, 'day')}`,
  never: 'Never',
  allowWriting: 'Allow changes: send and answer invitations, remove colleagues',
  createAppPassword: 'Create',
  shownOnce: (name: string) => `App password “${name}”. Copy it now: it is shown only once.`,
  copy: 'Copy',
  copied: 'Copied',
  access: 'Access',
  created: 'Created',
  lastUsed: 'Last used',
  expires: 'Expires',
  scopes: ([scope, ...others]: readonly ('read' | 'write')[]) =>
    others.length === 0 ? `${scope} only` : [scope, ...others].join(' and '),
  revoke: 'Revoke',
  revokeName: (name: string) => `Revoke ${name}`,

  done: {
    madeAlready:
      'This app password already exists. Its secret is not shown again. ' +
      'If you did not save it, revoke this app password and create another.',
    passwordChanged: 'Your password was changed. All other browsers were signed out.',
    revoked: 'The app password was revoked and no longer works.',
    invited: 'Invitation sent.',
    accepted: 'You are now connected.',
    declined: 'Invitation declined.',
    withdrawn: 'Invitation withdrawn.',
    removed: 'You are no longer connected.',
    signedOut: 'You are signed out.',
  },

  failed: 'Request failed',
  back: 'Back to my network',
} as const

/** A message about the last action. */
export type Done = keyof typeof texts.done
export const isDone = (text: string): text is Done => Object.hasOwn(texts.done, text)
