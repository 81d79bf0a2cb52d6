/** From whom a letter is. */
export interface Mailbox {
  readonly name: string
  readonly address: string
}

/** Whether a text is an e-mail address that a letter can be sent to. */
export const isMailAddress = (text: string): boolean =>
  /^[^\s\p{C}<>"@,;:()[\]\\]+@[^\s\p{C}<>"@,;:()[\]\\]+$/u.test(text)
