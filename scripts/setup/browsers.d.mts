/** Tells where Chromium is. Throws when there is none, and says what to do. */
export function chromiumExecutable(): string
/** Finds or installs Chromium. */
export function installChromium(): Promise<{ readonly ok: boolean; readonly output: string }>
