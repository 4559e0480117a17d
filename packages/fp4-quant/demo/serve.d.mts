export interface StaticServer {
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string
  close(): void
}

/** Serves the files of one folder on a free port of this machine, with these headers besides their type. */
export declare function serveFolder(folder: string, headers?: Readonly<Record<string, string>>): Promise<StaticServer>
