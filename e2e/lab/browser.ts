/** The browser engines that the tests drive. */
export type EngineName = 'chromium' | 'firefox' | 'webkit'

/** What a value must be to get into a page and out of it. */
export type Plain = string | number | boolean | null | undefined | void | object

/** A browser, whoever drives it. */
export interface LabBrowser {
  readonly name: EngineName
  /** The version it says it is. */
  readonly version: string
  /** Opens a page in front of the others. */
  newPage(): Promise<LabPage>
  /** Ends the browser and everything that was started for it. A second call does the same. */
  close(): Promise<void>
}

/** A page of a browser. */
export interface LabPage {
  goto(address: string): Promise<void>
  /** Goes back in the history, and does not wait for what comes. */
  back(): Promise<void>
  /** Runs a function in the page, which sees nothing but its argument, and gives what it resolves with. */
  evaluate<Argument extends Plain, Result extends Plain>(
    run: (argument: Argument) => Result | Promise<Result>,
    argument: Argument,
  ): Promise<Result>
  close(): Promise<void>
}

/** How a browser is started. */
export interface LaunchOptions {
  /** Takes certificates that nobody trusts, such as that of the tests. */
  readonly trusting?: boolean
}
