/** Bundles the bench into a folder. @returns the file to run */
export function bundleBench(outdir: string): Promise<string>
