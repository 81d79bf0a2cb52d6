export { removeTemplate as default } from './embedded-template.js'
