import { Isolated } from './isolated.js'
import { type Frame, Layout, write } from './layout.js'
import { NetworkPicture, type Picture } from './network-picture.js'
import type { Shown } from './person.js'
import { texts } from './texts.js'
import { to } from './to.js'

/** What the page with the picture of a network shows. */
export interface PicturePage extends Frame {
  readonly owner: Shown
  /** The first colleagues by name. */
  readonly people: readonly Shown[]
  readonly pairs: Picture['pairs']
  /** How many colleagues there are in all. */
  readonly total: number
}

/** Writes the page with the picture of somebody's network. */
export function picturePage(page: PicturePage): string {
  const { owner, people, pairs, total } = page
  return write(
    <Layout {...page} title={texts.pictureOf(owner.name)}>
      <h1>
        <Isolated text={texts.pictureOf} names={[owner.name]} />
      </h1>
      <p class="note">
        {total === 0
          ? texts.pictureEmpty
          : people.length < total
            ? texts.pictureShows(people.length, total)
            : texts.pictureSays}{' '}
        <a href={to.colleagues(owner.key)}>{texts.asList}</a>
      </p>
      <div class="canvas">
        <NetworkPicture owner={drawn(owner)} people={people.map(drawn)} pairs={pairs} />
      </div>
    </Layout>,
  )
}

const drawn = ({ key, name, updated }: Shown) => ({ name, page: to.person(key), photo: to.photo(key, updated) })
