export interface CodeBlock {
  /** First word of the info string, lower case: `ts`, `sh`, … or '' where there is none. */
  language: string
  /** The other words of the info string, e.g. `no-run`. */
  attributes: string[]
  code: string
  /** Line of the text, from 1, on which `code` begins. */
  line: number
}

/** The languages whose blocks a test has to run, unless `no-run` stands in the info string. */
export declare const runnableLanguages: readonly string[]

/** The fenced code blocks of a Markdown text, in its order. */
export declare function codeBlocks(markdown: string): CodeBlock[]

/** Those of them that a test has to run. */
export declare function runnableBlocks(markdown: string): CodeBlock[]
