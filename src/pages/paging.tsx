import { texts } from './texts.js'

/** Addresses of the pages around this one; what is absent leads nowhere else. */
export interface Around {
  readonly first?: string
  readonly previous?: string
  readonly next?: string
  readonly last?: string
}

const steps = ['first', 'previous', 'next', 'last'] as const

/** Leads through the pages of a list. */
export function Paging({ around }: { around: Around }) {
  const known = steps.filter((step) => around[step] !== undefined)
  if (known.length === 0) return null
  return (
    <nav class="paging" aria-label={texts.pages}>
      {known.map((step) => (
        <a href={around[step]} rel={step === 'previous' ? 'prev' : step}>
          {texts[step]}
        </a>
      ))}
    </nav>
  )
}
