import { forceCollide, forceLink, forceManyBody, forceSimulation, forceX, forceY } from 'd3-force'
import { initialsOf } from '../people/names.js'
import { type Frame, Isolated, Layout, write } from './layout.js'
import { to } from './links.js'
import type { Shown } from './people.js'
import { texts } from './texts.js'

/** The page of a network's picture. */
interface PicturePage extends Frame {
  readonly owner: Shown
  /** The colleagues in the picture, in order of name. */
  readonly people: readonly Shown[]
  readonly pairs: Picture['pairs']
  /** Total number of colleagues. */
  readonly total: number
}

/** Renders the page of a network's picture. */
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
            ? texts.aboutPartialPicture(people.length, total)
            : texts.aboutPicture}{' '}
        <a href={to.colleagues(owner.key)}>{texts.asList}</a>
      </p>
      <div class="canvas">
        <NetworkPicture owner={toPicturePerson(owner)} people={people.map(toPicturePerson)} pairs={pairs} />
      </div>
    </Layout>,
  )
}

const toPicturePerson = ({ key, name, updated }: Shown) => ({
  name,
  page: to.person(key),
  photo: to.photo(key, updated),
})

/** A person in the picture. */
interface PicturePerson {
  readonly name: string
  /** URL of the person's page. */
  readonly page: string
  readonly photo: string
}

export interface Picture {
  readonly owner: PicturePerson
  readonly people: readonly PicturePerson[]
  /** Connections among the people, by index. */
  readonly pairs: readonly Pair[]
}

/** Draws a network: the owner in the centre, the colleagues around, and a line for each connection between them. */
export function NetworkPicture({ owner, people, pairs }: Picture) {
  const scale = scales.find(({ most }) => people.length <= most) as Scale
  const places = placesOf(people.length, pairs, scale.distance)
  const placeOf = (index: number) => places[index] as Place
  const middle = { x: 0, y: 0 }
  return (
    <svg
      class="picture"
      {...frameAround([...places, middle], scale)}
      role="group"
      aria-label={texts.pictureOf(owner.name)}
    >
      <clipPath id="round" clipPathUnits="objectBoundingBox">
        <circle cx="0.5" cy="0.5" r="0.5" />
      </clipPath>
      {scale.isLabelled && places.length > 0 && <path class="own" d={lines(places.map((place) => [middle, place]))} />}
      {pairs.length > 0 && (
        <path
          class="known"
          stroke-width={scale.line}
          d={lines(pairs.map(([one, other]) => [placeOf(one), placeOf(other)]))}
        />
      )}
      {people.map((person, index) => (
        <Dot of={person} at={placeOf(index)} scale={scale} />
      ))}
      <Dot of={owner} at={middle} scale={scale} isOwner />
    </svg>
  )
}

/** Pictures with fewer people have more detail. */
const scales = [
  { most: 40, radius: 26, distance: 96, line: 1.5, isLabelled: true, hasPhotos: true },
  { most: 80, radius: 20, distance: 56, line: 1, isLabelled: false, hasPhotos: true },
  { most: Infinity, radius: 12, distance: 30, line: 0.5, isLabelled: false, hasPhotos: false },
]
type Scale = (typeof scales)[number]

function Dot({ of, at, scale, isOwner }: { of: PicturePerson; at: Place; scale: Scale; isOwner?: boolean }) {
  const { name, page, photo } = of
  const { radius, isLabelled, hasPhotos } = scale
  return (
    <g class={isOwner ? 'owner' : undefined} transform={`translate(${round(at.x)} ${round(at.y)})`}>
      <a href={page} aria-label={name}>
        <title>{name}</title>
        <circle r={radius} />
      </a>
      {/* Outside the link, since the link already has an accessible name. */}
      <g pointer-events="none" aria-hidden="true">
        <text dy=".35em" font-size={radius * 0.8}>
          {initialsOf(name)}
        </text>
        {hasPhotos && (
          <image href={photo} x={-radius} y={-radius} width={2 * radius} height={2 * radius} clip-path="url(#round)" />
        )}
        {isLabelled && (
          <text class="label" y={radius + 14} font-size="12">
            {shortened(name)}
          </text>
        )}
      </g>
    </g>
  )
}

/** Cuts a name to the length of a label. */
function shortened(name: string): string {
  const letters = Array.from(name)
  return letters.length <= maxLabelLength
    ? name
    : `${letters
        .slice(0, maxLabelLength - 1)
        .join('')
        .trimEnd()}…`
}

const maxLabelLength = 16

/** The data of a path that draws all lines. */
const lines = (ends: readonly (readonly [Place, Place])[]): string =>
  ends.map(([from, to]) => `M${round(from.x)} ${round(from.y)}L${round(to.x)} ${round(to.y)}`).join('')

const round = (number: number) => Math.round(number * 10) / 10

/** The view box around all places, with margins for circles and labels. */
function frameAround(places: readonly Place[], { radius, isLabelled }: Scale) {
  const [side, below] = isLabelled ? [64, radius + 24] : [radius + 8, radius + 8]
  const left = Math.min(...places.map(({ x }) => x)) - side
  const top = Math.min(...places.map(({ y }) => y)) - radius - 8
  const width = Math.max(...places.map(({ x }) => x)) + side - left
  const height = Math.max(...places.map(({ y }) => y)) + below - top
  return { viewBox: [left, top, width, height].map(Math.round).join(' '), width: Math.round(width * zoom) }
}

const zoom = 1.25

export interface Place {
  readonly x: number
  readonly y: number
}

/** A line between two people, by index. */
export type Pair = readonly [one: number, other: number]

/**
 * Lays people out around the owner at 0, 0: near their connections, and at least `distance` apart. Deterministic. The
 * number of rounds is fixed; a round takes O(n log n) in people and is linear in pairs. `nearest` is quadratic.
 */
export function placesOf(count: number, pairs: readonly Pair[], distance: number): Place[] {
  const owner = { index: count, x: 0, y: 0, fx: 0, fy: 0 }
  const people = Array.from({ length: count }, (_, index) => ({ index, ...spiralPlace(index, count, distance) }))
  const links = pairs.map(([source, target]) => ({ source, target }))
  const linked = new Set(pairs.flat())
  // Without a stronger pull, people without connections would drift out of sight.
  const inward = (strength: number) => (_: object, index: number) => (linked.has(index) ? strength : 5 * strength)
  const simulation = forceSimulation([...people, owner])
    .stop()
    .alphaDecay(1 - 0.05 ** (1 / rounds))
    .force(
      'known',
      forceLink(links)
        .distance(distance / 3)
        .strength(strengthIn(pairs, count)),
    )
    .force(
      'apart',
      forceManyBody()
        .strength(-4 * distance)
        .theta(1.2)
        .distanceMax(distance * 20),
    )
    .force('x', forceX(0).strength(inward(0.03)))
    .force('y', forceY(0).strength(inward(0.04)))
    .tick(rounds)
  // Overlaps are resolved last: collision forces would prevent people from passing each other while they move.
  simulation
    .force('known', null)
    .force('apart', null)
    .force('own', forceCollide(distance / 2).iterations(2))
    .tick(rounds / 2)
  const scale = distance / Math.min(distance, nearest([...people, owner]))
  return people.map(({ x, y }) => ({ x: x * scale, y: y * scale }))
}

const rounds = 50

/** A sunflower spiral, to fill a disc evenly. Up to 8 places form a single turn instead. */
function spiralPlace(index: number, count: number, distance: number): Place {
  const radius = distance * Math.sqrt(index + 1)
  const angle = count <= 8 ? (index * 2 * Math.PI) / count : index * Math.PI * (3 - Math.sqrt(5))
  return { x: radius * Math.cos(angle), y: radius * Math.sin(angle) }
}

/** The strength of a connection's pull: the weaker, the more connections both people have. */
function strengthIn(pairs: readonly Pair[], count: number): (link: object, index: number) => number {
  const known = new Array<number>(count).fill(0)
  for (const pair of pairs) for (const each of pair) known[each] = (known[each] ?? 0) + 1
  return (_, index) => {
    const [one, other] = (pairs[index] ?? []).map((each) => known[each] ?? 1)
    return 1.5 / Math.min(one ?? 1, other ?? 1)
  }
}

/** The smallest distance between two places. */
function nearest(places: readonly Place[]): number {
  let square = Infinity
  places.forEach((one, index) => {
    for (let at = 0; at < index; at++) {
      const other = places[at] as Place
      square = Math.min(square, (one.x - other.x) ** 2 + (one.y - other.y) ** 2)
    }
  })
  return Math.sqrt(square)
}
