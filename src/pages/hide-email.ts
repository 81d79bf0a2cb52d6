import { presenterFor } from '../people/hide-email.js'

/** The values of a page on a site that hides e-mail addresses. */
export const hideEmails = presenterFor(true).values
