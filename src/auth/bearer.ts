/**
 * Reads the token of an Authorization field (RFC 6750, section 2.1).
 *
 * @returns undefined when the field is of another scheme, or malformed
 */
export const parseBearer = (header: string): string | undefined => /^bearer +([\w.~+/-]+=*)$/i.exec(header)?.[1]
