import type { RequestHandler } from 'express'
import type { Asset } from '../../pages/assets.js'

/** GET and HEAD of a file that pages load. Its address is another when its content is: asked for once. */
export const sendAsset =
  ({ type, content }: Asset): RequestHandler =>
  (_request, response) => {
    response.setHeader('Cache-Control', 'public, max-age=31536000, immutable')
    response.setHeader('Content-Type', type)
    response.setHeader('Content-Length', Buffer.byteLength(content))
    response.end(content)
  }
