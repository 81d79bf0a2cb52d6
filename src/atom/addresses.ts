/** Where the resources of the API stand under a public base. Keys and ids go in as they are: they are UUIDs. */
export function addresses(baseUrl: string) {
  const root = `${baseUrl}/profiles`
  return {
    connections: `${root}/atom/connections.do`,
    connectionsInCommon: `${root}/atom/connectionsInCommon.do`,
    connection: (id: string) => `${root}/atom/connection.do?connectionId=${id}`,
    /** The list of somebody's colleagues, as other resources lead to it. */
    colleagues: (key: string, changed: string) =>
      `${root}/atom/connections.do?connectionType=colleague&key=${key}&lastMod=${changed}`,
    profiles: `${root}/atom/profile.do`,
    profile: (key: string) => `${root}/atom/profile.do?key=${key}`,
    /** @param userId percent-encoded */
    profileOfUser: (userId: string) => `${root}/atom/profile.do?userid=${userId}&output=vcard`,
    profileEntries: `${root}/atom/profileEntry.do`,
    profileEntry: (key: string) => `${root}/atom/profileEntry.do?key=${key}`,
    profileService: `${root}/atom/profileService.do`,
    profileTypes: `${root}/atom/profileType.do`,
    profileType: `${root}/atom/profileType.do?type=default`,
    profileView: (key: string) => `${root}/html/profileView.do?key=${key}`,
    search: `${root}/atom/search.do`,
    reportingChains: `${root}/atom/reportingChain.do`,
    reportingChain: (key: string) => `${root}/atom/reportingChain.do?key=${key}`,
    peopleManaged: `${root}/atom/peopleManaged.do`,
    photo: (key: string, changed: string) => `${root}/photo.do?key=${key}&lastMod=${changed}`,
    vcard: (key: string) => `${root}/vcard/profile.do?key=${key}`,
  }
}

export type Addresses = ReturnType<typeof addresses>
