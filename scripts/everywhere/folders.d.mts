/** Where the pinned tools are installed: kept between runs. */
export const toolsFolder: string
/** Where the packed packages are installed as an application would. */
export const appFolder: string
/** Where a set of tools has its packages. */
export function modulesOf(set: string): string
