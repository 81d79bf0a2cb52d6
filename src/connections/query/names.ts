import { isStorable } from '../../accounts/store.js'
import { refused } from './document.js'

const maxNameLength = 100
const deepest = 10

/**
 * The steps of a name with dots, such as `target.email`.
 *
 * @param at the path of the fault
 * @throws Fault `invalidArgument.query` for an empty or overlong name, and one that stands for something else (`$`)
 */
export function stepsOf(name: string, at: string): string[] {
  const steps = name.split('.')
  const isName = isStorable(name) && name.length <= maxNameLength && steps.length <= deepest
  if (isName && steps.every((step) => step !== '' && !step.startsWith('$'))) return steps
  throw refused(at, `Names are 1 to ${maxNameLength} characters long and do not begin with $.`)
}

/** What `$name` refers to. Undefined where the value refers to nothing. */
export const referred = (value: unknown): string | undefined =>
  typeof value === 'string' && value.startsWith('$') ? value.slice(1) : undefined
