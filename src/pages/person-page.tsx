import type { ViewerRelation } from '../connections/find.js'
import type { Account } from '../people/account.js'
import { type Frame, Isolated, Layout, write } from './layout.js'
import { to } from './links.js'
import { Face, Relation, type Shown } from './people.js'
import { texts } from './texts.js'

/** A person's page. */
export interface PersonPage extends Frame {
  readonly person: Account
  readonly standing: ViewerRelation
  /** The number of common colleagues and the first of them. Absent on the viewer's own page, and if not signed in. */
  readonly shared?: { readonly total: number; readonly people: readonly Shown[]; readonly with: string } | undefined
  readonly here: string
}

const factNames = Object.keys(texts.facts) as (keyof typeof texts.facts)[]

/** The h-card properties of facts. */
const properties: Readonly<Record<keyof typeof texts.facts, string>> = {
  title: 'p-job-title',
  organization: 'p-org',
  workPhone: 'p-tel',
  mobilePhone: 'p-tel',
  city: 'p-locality',
  country: 'p-country-name',
  description: 'p-note',
}

/** Renders a person's page: the profile as h-card, actions, and colleagues in common. */
export function personPage(page: PersonPage): string {
  const { person, standing, shared, here } = page
  return write(
    <Layout {...page} title={person.name}>
      <article class="card">
        <div class="h-card">
          <data class="u-url" value={to.person(person.key)} />
          <div class="profile">
            <Face of={person} size={128} />
            <div>
              <h1 class="p-name">
                <bdi>{person.name}</bdi>
              </h1>
              {person.state === 'inactive' && <p class="note">{texts.inactive}</p>}
              <Relation standing={standing} person={person} next={here} mayRemove />
            </div>
          </div>
          <Facts of={person} />
        </div>
        <p>
          <a href={to.colleagues(person.key)}>
            <Isolated text={texts.colleaguesOf} names={[person.name]} />
          </a>
          {' · '}
          <a href={to.picture(person.key)}>{texts.seePicture}</a>
          {' · '}
          <a href={to.vcard(person.key)}>{texts.addressBook}</a>
          {standing === 'self' && (
            <>
              {' · '}
              <a href={to.appPasswords}>{texts.appPasswords}</a>
              {' · '}
              <a href={to.password}>{texts.changePassword}</a>
            </>
          )}
        </p>
        {shared && <Shared shared={shared} personKey={person.key} />}
      </article>
    </Layout>,
  )
}

const Facts = ({ of: { profile, email } }: { of: Account }) => (
  <dl>
    {email !== null && (
      <>
        <dt>{texts.email}</dt>
        <dd>
          <a class="u-email" href={`mailto:${email.replaceAll(/[%?&#]/g, encodeURIComponent)}`}>
            {email}
          </a>
        </dd>
      </>
    )}
    {factNames
      .filter((name) => profile[name])
      .map((name) => (
        <>
          <dt>{texts.facts[name]}</dt>
          <dd class={properties[name]}>
            <bdi>{profile[name]}</bdi>
          </dd>
        </>
      ))}
    {profile.tags && (
      <>
        <dt>{texts.tags}</dt>
        <dd>
          {profile.tags.map((tag, index) => (
            <>
              {index > 0 && ', '}
              <bdi class="p-category">{tag}</bdi>
            </>
          ))}
        </dd>
      </>
    )}
  </dl>
)

const Shared = ({ shared, personKey }: { shared: NonNullable<PersonPage['shared']>; personKey: string }) => (
  <section>
    <h2>{texts.shared}</h2>
    {shared.total === 0 ? (
      <p class="note">{texts.noneShared}</p>
    ) : (
      <>
        <ul class="faces">
          {shared.people.map((each) => (
            <li>
              <a href={to.person(each.key)} title={each.name} aria-label={each.name}>
                <Face of={each} size={56} />
              </a>
            </li>
          ))}
        </ul>
        <p>
          <a href={to.inCommon(shared.with, personKey)}>{texts.allShared(shared.total)}</a>
        </p>
      </>
    )}
  </section>
)
