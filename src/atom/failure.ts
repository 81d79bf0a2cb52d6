import { fragmentTemplate } from './template.js'
import { SNX } from './vocabulary.js'

const error = fragmentTemplate<{ code: string; message: string }>((at, hole) => {
  const element = at.ele(SNX, 'error')
  element.ele('code').txt(hole.text('code'))
  element.ele('message').txt(hole.text('message'))
  element.ele('trace').txt('OMITTED')
})

/**
 * Writes the API's error document (wire reference, section 7).
 *
 * @param code the HTTP status as text; empty where the wire has it empty
 * @param message the wire's fixed message, with our sentence after it
 */
export function failureDocument(code: string, message: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>${error({ code, message })}`
}
