/** Where the resources of the API stand under a public base. Keys and ids go in as they are: they are UUIDs. */
export function addresses(baseUrl: string) {
  const root = `${baseUrl}/profiles`
  return {
    connections: `${root}/atom/connections.do`,
    connectionsInCommon: `${root}/atom/connectionsInCommon.do`,
    connection: (id: string) => `${root}/atom/connection.do?connectionId=${id}`,
    profile: (key: string) => `${root}/atom/profile.do?key=${key}`,
    profileEntry: (key: string) => `${root}/atom/profileEntry.do?key=${key}`,
    profileType: `${root}/atom/profileType.do?type=default`,
    profileView: (key: string) => `${root}/html/profileView.do?key=${key}`,
    photo: (key: string, changed: string) => `${root}/photo.do?key=${key}&lastMod=${changed}`,
    vcard: (key: string) => `${root}/vcard/profile.do?key=${key}`,
  }
}

export type Addresses = ReturnType<typeof addresses>
