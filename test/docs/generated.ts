import type { Command, Option } from 'commander'
import { format, resolveConfig } from 'prettier'
import { commandsFor } from '../../src/cli/commands.js'
import { options } from '../../src/config.js'
import { addressTable } from './addresses.js'

/** The generated parts of the documents, by the name in their marker. */
const parts: Readonly<Record<string, () => string>> = {
  configuration,
  commands,
  'addresses: Atom API': () => addressTable('Atom API'),
  'addresses: Pages': () => addressTable('Pages'),
  'addresses: Monitoring': () => addressTable('Monitoring'),
}

/** The documents with such parts. */
export const generatedIn = ['docs/api.md', 'docs/cli.md', 'docs/operating.md']

const part = /(<!-- generated: (.+?) -->\n)[^]*?(<!-- end -->)/g

/** The names of the parts in a document. */
export const partsOf = (text: string): string[] => [...text.matchAll(part)].map(([, , name = '']) => name)

export const allParts: readonly string[] = Object.keys(parts)

/**
 * Replaces the generated parts of a document.
 *
 * @throws Error for a marker with an unknown name
 */
export async function regenerated(file: string, text: string): Promise<string> {
  const filled = text.replaceAll(part, (_, start: string, name: string, end: string) => {
    const make = parts[name]
    if (!make) throw new Error(`${file}: there is no generated part "${name}"`)
    return `${start}\n${make()}\n\n${end}`
  })
  return format(filled, { ...(await resolveConfig(file)), filepath: file })
}

function configuration(): string {
  const rows = Object.entries(options).map(([name, { fallback, means }]) => {
    return `| \`${name}\` | ${fallback === '' ? 'none' : `\`${fallback}\``} | ${means} |`
  })
  return ['| variable | default | meaning |', '| --- | --- | --- |', ...rows].join('\n')
}

function commands(): string {
  const none = undefined as never
  const program = commandsFor({ terminal: none, version: '', withDatabase: none, logger: none, untilStopped: none })
  const rows = leaves(program).map((command) => {
    return `| \`${usage(command)}\` | ${command.description()} | ${command.options.map(described).join('<br>')} |`
  })
  return ['| command | effect | options |', '| --- | --- | --- |', ...rows].join('\n')
}

const leaves = (command: Command): Command[] =>
  command.commands.length === 0 ? [command] : command.commands.flatMap(leaves)

/** A command with its arguments and required options. */
function usage(command: Command): string {
  const words: string[] = []
  for (let each: Command | null = command; each?.parent; each = each.parent) words.unshift(each.name())
  const names = command.registeredArguments.map((argument) => {
    const name = argument.argChoices?.join('\\|') ?? argument.name()
    const all = argument.variadic ? `${name}…` : name
    return argument.required ? `<${all}>` : `[${all}]`
  })
  const needed = command.options.filter(({ mandatory }) => mandatory).map(({ flags }) => flags)
  return [...words, ...names, ...needed].join(' ')
}

const described = ({ flags, description, defaultValue }: Option) =>
  `\`${flags}\`: ${description}${defaultValue === undefined ? '' : ` (default \`${String(defaultValue)}\`)`}`
