import type { ViewerRelation } from '../connections/find.js'
import { type Around, type Frame, Isolated, Layout, Paging, write } from './layout.js'
import { Relation, Person, type Shown } from './people.js'
import { texts } from './texts.js'

/** The page of a search. */
interface SearchPage extends Frame {
  readonly words: string
  readonly total: number
  readonly people: readonly { readonly person: Shown; readonly standing: ViewerRelation }[]
  readonly around: Around
  readonly here: string
}

/** Renders search results, each with the matching actions. */
export function searchPage(page: SearchPage): string {
  const { words, total, people, around, here } = page
  return write(
    <Layout {...page} title={texts.people(words)}>
      <h1>
        <Isolated text={texts.people} names={[words]} />
      </h1>
      {total === 0 ? <p class="empty">{texts.noOneFound}</p> : <p>{texts.found(total)}</p>}
      {total > 0 && people.length === 0 && <p class="empty">{texts.emptyPage}</p>}
      {people.length > 0 && (
        <ul class="people">
          {people.map(({ person, standing }) => (
            <li>
              <Person of={person}>
                <Relation standing={standing} person={person} next={here} />
              </Person>
            </li>
          ))}
        </ul>
      )}
      <Paging around={around} />
    </Layout>,
  )
}
