import type { Answer, Send, Sending } from './client.js'

/** A browser, as far as the server can tell: it keeps one cookie and sends forms. */
export interface Visitor {
  send: Send
  /** Sends a form as a page of the server itself has it sent. */
  post(path: string, fields: Record<string, string>, sending?: Sending): Promise<Answer>
  /** The cookie it keeps, as it sends it. */
  cookie(): string | undefined
}

/** Opens one. */
export function openVisitor(send: Send, kept?: string): Visitor {
  let cookie = kept
  const sendWith: Send = async (path, sending = {}) => {
    const headers = { ...(cookie !== undefined && { cookie }), ...sending.headers }
    const answer = await send(path, { ...sending, headers })
    for (const set of answer.headers['set-cookie'] ?? []) {
      const [pair = ''] = set.split(';')
      cookie = pair.endsWith('=') ? undefined : pair
    }
    return answer
  }
  return {
    send: sendWith,
    cookie: () => cookie,
    post: (path, fields, sending = {}) =>
      sendWith(path, {
        ...sending,
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'sec-fetch-site': 'same-origin',
          ...sending.headers,
        },
        body: new URLSearchParams(fields).toString(),
      }),
  }
}

/** Signs in by the form. */
export async function signIn(browser: Visitor, user: string, password = 'colleagues'): Promise<Answer> {
  return browser.post('/profiles/html/signIn.do', { user, password })
}
