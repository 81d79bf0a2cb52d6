/** Why a letter did not go out. */
export interface LetterFailure {
  /** Whether it would be the same at every later attempt. */
  readonly isPermanent: boolean
  /** In short, without address and text: a mail server's own words may hold both. */
  readonly summary: string
}

/** Says that we may not send at all, where it comes (RFC 4954): nothing about this letter. */
const signInWanted = 530

/**
 * Judges an error of `post`. Permanent is only what the server says for good of the recipient or of the letter; that
 * it does not let us in, or does not like the sender, can be mended.
 */
export function letterFailure(error: unknown): LetterFailure {
  const { name, code, originalCode, command, responseCode } = error as Partial<
    Record<'name' | 'code' | 'originalCode' | 'command', string> & { responseCode: number }
  >
  const isOfLetter = (code === 'EENVELOPE' && command === 'RCPT TO') || command === 'DATA'
  const isForGood = responseCode !== undefined && responseCode >= 500 && responseCode !== signInWanted
  const parts = code === undefined ? [name] : [code, originalCode, command, responseCode]
  return { isPermanent: isOfLetter && isForGood, summary: parts.filter(Boolean).join(' ') }
}
