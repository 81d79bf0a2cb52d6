const sn = 'http://www.ibm.com/xmlns/prod/sn'

/** Escapes text for XML. */
export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', '&#13;')

/** The entry of an invitation, an acceptance or a rewrite, in the form of the API's manual. */
export const connectionEntry = (status: string, message = ''): string =>
  '<?xml version="1.0" encoding="UTF-8"?>' +
  '<entry xmlns="http://www.w3.org/2005/Atom" xmlns:snx="http://www.ibm.com/xmlns/prod/sn">' +
  `<category term="connection" scheme="${sn}/type"/>` +
  `<category term="colleague" scheme="${sn}/connection/type"/>` +
  `<category term="${status}" scheme="${sn}/status"/>` +
  `<content type="html">${escaped(message)}</content>` +
  '</entry>'
