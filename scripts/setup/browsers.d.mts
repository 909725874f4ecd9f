/** Tells where Chromium is. Throws when there is none, and says what to do. */
export function chromiumExecutable(): string
/** Tells where Firefox is. Throws when there is none, and says what to do. */
export function firefoxExecutable(): string
/** Tells where the parts of WebKitGTK are. Throws when one is missing, and says what to do. */
export function webkitExecutables(): {
  readonly driver: string
  readonly browser: string
  readonly xvfb: string
}
/** Says why there is no WebKit to test on this platform; `undefined` where there is one. */
export function noWebKitReason(): string | undefined
