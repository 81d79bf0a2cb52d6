import { forceCollide, forceLink, forceManyBody, forceSimulation, forceX, forceY } from 'd3-force'

export interface Place {
  readonly x: number
  readonly y: number
}

/** Between whom there is a line: two numbers of people. */
export type Pair = readonly [one: number, other: number]

const rounds = 50

/**
 * Finds each person a place around the owner, who is at 0, 0: near those whom they know, and at least `distance` from
 * everybody. The same people and pairs have always the same places. Everybody is moved a fixed number of times: time
 * grows as n log n with the people, and with the pairs.
 */
export function placesOf(count: number, pairs: readonly Pair[], distance: number): Place[] {
  const owner = { index: count, x: 0, y: 0, fx: 0, fy: 0 }
  const people = Array.from({ length: count }, (_, index) => ({ index, ...around(index, count, distance) }))
  const links = pairs.map(([source, target]) => ({ source, target }))
  const linked = new Set(pairs.flat())
  // Whom nobody holds would be pushed out of sight.
  const inward = (strength: number) => (_: object, index: number) => (linked.has(index) ? strength : 5 * strength)
  const picture = forceSimulation([...people, owner])
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
  // Only then, since whoever is pushed by all cannot pass them on the way to his own.
  picture
    .force('known', null)
    .force('apart', null)
    .force('own', forceCollide(distance / 2).iterations(2))
    .tick(rounds / 2)
  const wider = distance / Math.min(distance, nearest([...people, owner]))
  return people.map(({ x, y }) => ({ x: x * wider, y: y * wider }))
}

/** In the order of seeds of a sunflower, which fill a disc evenly. */
function around(index: number, count: number, distance: number): Place {
  const radius = distance * Math.sqrt(index + 1)
  const angle = count <= 8 ? (index * 2 * Math.PI) / count : index * Math.PI * (3 - Math.sqrt(5))
  return { x: radius * Math.cos(angle), y: radius * Math.sin(angle) }
}

/** Whoever knows many is not drawn to each as much. */
function strengthIn(pairs: readonly Pair[], count: number): (link: object, index: number) => number {
  const known = new Array<number>(count).fill(0)
  for (const pair of pairs) for (const each of pair) known[each] = (known[each] ?? 0) + 1
  return (_, index) => {
    const [one, other] = (pairs[index] ?? []).map((each) => known[each] ?? 1)
    return 1.5 / Math.min(one ?? 1, other ?? 1)
  }
}

/** The least distance between two places. */
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
