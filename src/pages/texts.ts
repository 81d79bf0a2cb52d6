import { counted } from '../formats.js'

const date = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeZone: 'UTC' })
const count = new Intl.NumberFormat('en')

/** All texts of the pages. A translation is another file of this shape. */
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
  notRight: 'This name and password do not belong together. Please try again.',
  search: 'Search people',
  find: 'Search',
  feed: 'This is a feed too: give its address to your feed reader, with an app password.',
  publicFeed: 'This is a feed too: give its address to your feed reader. It needs no password.',
  feedAddress: 'Address of the feed',

  list: {
    accepted: 'Colleagues',
    pending: 'To answer',
    unconfirmed: 'Sent',
  },
  listOf: (name: string) => `Colleagues of ${name}`,
  publicOf: (name: string) => `You are not signed in. This is what everybody may see of the network of ${name}.`,
  publicInCommonOf: (one: string, other: string) =>
    `You are not signed in. This is what everybody may see of the networks of ${one} and ${other}.`,
  signInHere: 'Sign in to invite people, and to see your own network.',
  inCommonOf: (one: string, other: string) => `Colleagues that ${one} and ${other} share`,
  lists: 'Lists',
  empty: {
    accepted: 'You have no colleagues here yet. Search for people whom you work with, and invite them.',
    pending: 'Nothing to answer: no invitation waits for you.',
    unconfirmed: 'Nothing sent: nobody has an open invitation of yours. Search for people to invite them.',
  },
  emptyOf: (name: string) => `${name} has no colleagues here yet.`,
  emptyPage: 'This list has fewer pages: nobody is on this one.',
  since: { accepted: 'Last change', pending: 'Invited you', unconfirmed: 'Invited' },

  people: (words: string) => `People: ${words}`,
  found: (total: number) => counted(total, 'person', 'people'),
  nobodyFound: 'Nobody goes by that name. Try the beginning of a first or last name, or a user id.',

  pages: 'Pages',
  first: 'First',
  previous: 'Previous',
  next: 'Next',
  last: 'Last',

  invite: 'Invite',
  inviteName: (name: string) => `Invite ${name}`,
  message: 'Message (may stay empty)',
  sendInvitation: 'Send invitation',
  accept: 'Accept',
  acceptName: (name: string) => `Accept the invitation of ${name}`,
  decline: 'Decline',
  declineName: (name: string) => `Decline the invitation of ${name}`,
  withdraw: 'Withdraw',
  withdrawName: (name: string) => `Withdraw the invitation of ${name}`,
  remove: 'Remove',
  removeName: (name: string) => `Remove ${name} from your colleagues`,
  removeReally: (name: string) => `You will not be colleagues of each other any more. ${name} is not told.`,

  relation: {
    accepted: 'Your colleague',
    pending: 'Waits for your answer',
    unconfirmed: 'You have invited this person',
  },
  thisIsYou: 'This is you',
  isInactive: 'No longer active',
  facts: {
    title: 'Title',
    organization: 'Organization',
    workPhone: 'Telephone',
    mobilePhone: 'Mobile telephone',
    city: 'City',
    country: 'Country',
    description: 'About',
  },
  email: 'E-mail',
  tags: 'Tags',
  addressBook: 'For your address book',
  colleaguesOf: (name: string) => `Colleagues of ${name}`,
  shared: 'Colleagues in common',
  allShared: (total: number) => `${counted(total, 'colleague')} in a list`,
  noneShared: 'You have no colleagues in common yet.',
  noneSharedOf: (one: string, other: string) => `${one} and ${other} have no colleagues in common yet.`,
  seePicture: 'Picture of the network',
  pictureSays: 'A line joins two who know each other.',
  pictureShows: (shown: number, total: number) =>
    `The first ${count.format(shown)} of ${count.format(total)} by name. A line joins two who know each other.`,
  asList: 'As a list',
  pictureEmpty: 'There is nobody else in it yet.',
  pictureOf: (name: string) => `The network of ${name}`,

  appPasswordsAre: (name: string) =>
    'A feed reader or another program signs in with an app password in place of your own. Each is for one program, and ' +
    `can be revoked at any time. The user name stays ${name}; a program may also send it as a bearer token.`,
  changePassword: 'Change password',
  passwordAndBrowsers: 'Password and browsers',
  feedsAre: 'Addresses for a feed reader:',
  feeds: { accepted: 'colleagues', pending: 'invitations to answer' },
  passwordIs: (name: string) =>
    `Here ${name} gets another password. All other browsers are signed out then. Programs that have app passwords go on.`,
  presentPassword: 'Present password',
  newPassword: 'New password',
  newPasswordAgain: 'New password, once more',
  passwordRule: (shortest: number, longest: number) =>
    `${shortest} to ${counted(longest, 'character')} of any kind; several words make a good one.`,
  notPresent: 'The present password is not right. Nothing was changed.',
  notTheSame: 'The new password was not typed the same both times. Nothing was changed.',
  signOutEverywhere: 'Sign out everywhere',
  signOutEverywhereSays: 'Of this browser too, and of all others in which you are signed in.',

  noAppPasswords: 'You have no app passwords yet. Make one for each program that reads your feeds.',
  newAppPassword: 'Make an app password',
  appPasswordName: 'Name, such as the program that will use it',
  lifetime: 'Ends after',
  days: (number: number) => counted(number, 'day'),
  never: 'Never',
  mayWrite: 'It may also invite, answer and remove',
  makeAppPassword: 'Make it',
  shownOnce: (name: string) => `The app password “${name}”. Copy it now: it is shown this once.`,
  copy: 'Copy',
  copied: 'Copied',
  may: 'May',
  made: 'Made',
  lastUsed: 'Last used',
  lastDay: 'Last day',
  scopes: (scopes: readonly ('read' | 'write')[]) => scopes.join(' and '),
  revoke: 'Revoke',
  revokeName: (name: string) => `Revoke ${name}`,

  done: {
    madeAlready:
      'This app password was made already, and no other was. Its secret is not shown again: if you did not keep it, revoke it and make another.',
    passwordChanged: 'Your password is changed. All other browsers are signed out.',
    revoked: 'The app password is revoked: nobody gets in with it any more.',
    invited: 'The invitation is sent.',
    accepted: 'You are colleagues now.',
    declined: 'The invitation is declined.',
    withdrawn: 'Your invitation is withdrawn.',
    removed: 'You are no longer colleagues of each other.',
    signedOut: 'You are signed out.',
  },

  failed: 'That did not work',
  back: 'To my network',
} as const

/** A message about the last action. */
export type Done = keyof typeof texts.done
export const isDone = (text: string): text is Done => Object.hasOwn(texts.done, text)
