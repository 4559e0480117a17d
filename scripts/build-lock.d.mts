export interface LockOptions {
  /** How often to look whether it is free. */
  pollMs?: number
  /** How often the holder gives a sign of life. */
  touchMs?: number
  /** After how long without one a holder counts as dead. */
  patienceMs?: number
  /** After how long `onWait` is called, once, with the holder's process number. */
  noticeMs?: number
  onWait?: (pid: string) => void
}

/** Waits for the lock and takes it. @returns what lets go of it. @throws Error when the file cannot be made. */
export declare function takeLock(path: string, options?: LockOptions): Promise<() => void>
