/** How files of each kind begin, in hexadecimal. */
const beginnings = [
  { type: 'image/png', form: /^89504e470d0a1a0a/ },
  { type: 'image/jpeg', form: /^ffd8ff/ },
  { type: 'image/gif', form: /^47494638(37|39)61/ },
  { type: 'image/webp', form: /^52494646.{8}57454250/ },
] as const

/** The media type of an image by its first bytes, whatever its name says; undefined for what is not kept as a photo. */
export function imageType(bytes: Uint8Array): string | undefined {
  const beginning = Buffer.from(bytes.subarray(0, 16)).toString('hex')
  return beginnings.find(({ form }) => form.test(beginning))?.type
}
